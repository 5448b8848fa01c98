use std::fmt;

use super::Severity;

// RB106 said that a part of the language was not supported yet. All of it is; the number is not used again.
macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $explanation:literal)*) => {
        /// What kind of finding it is. Its text (`RB203`) is stable; a number is never given a second meaning.
        ///
        /// 0xx the file and its YAML, 1xx shape, 2xx names and the graph, 3xx expressions and types, 4xx safety,
        /// 5xx environments, 6xx playbooks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable text, `RB203`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it is about, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Why it is a finding, and what to do.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

codes! {
    NotUtf8 "RB001" Error "The file is not UTF-8."
        "Runbooks are UTF-8 text. Save the file as UTF-8; other encodings would make columns and digests ambiguous."
    TooLarge "RB002" Error "The file is too large."
        "A runbook has at most 4 MiB, so that a hostile file cannot exhaust memory. Split it."
    NulByte "RB003" Error "The file holds a NUL byte."
        "NUL bytes do not occur in YAML. The file is probably not a text file, or UTF-16."
    NotYaml "RB004" Error "The file is not YAML."
        "The YAML parser cannot go on from this place, so nothing after it was read. Look at the line above too: an \
         unclosed quote or bracket, or an indentation that does not match, is often noticed late."
    TooDeep "RB005" Error "The file is nested too deeply."
        "Lists and mappings may stand in each other up to 64 levels. No runbook needs more."
    TooManyParts "RB006" Error "The file has too many parts."
        "A file has at most 100,000 scalars, lists and mappings, so that it is read in a moment."
    Anchor "RB007" Error "Anchors and aliases are not used here."
        "A reader at 03:10 must see a step whole, and an alias can grow a small file without bounds. Write the value \
         out, or make it a parameter."
    Tag "RB008" Error "Tags are not used here."
        "Every key of a runbook has one type, so a YAML tag such as `!!str` says nothing. Remove it; quote the text \
         if it must be text."
    MergeKey "RB009" Error "Merge keys are not used here."
        "`<<` is not part of YAML 1.2, and a reader at 03:10 must see a step whole. Write the keys out."
    SecondDocument "RB010" Error "A file holds one document."
        "Only one runbook stands in one file, because its name is the file's name. Move what follows `---` to a file \
         of its own."
    Empty "RB011" Error "The file is empty."
        "There is nothing in it but perhaps comments."
    MoreFindings "RB012" Note "There are more findings."
        "Only the first 100 findings of a file are kept. Repair these and check again."
    WrongType "RB101" Error "A value has the wrong type."
        "Each key takes a text, a list or a mapping, and never another."
    UnknownKey "RB102" Error "A key is not known."
        "An unknown key would be ignored silently, and with it whatever it was to ensure. Correct or remove it."
    MissingKey "RB103" Error "A key is missing."
        "This key must be given here."
    DuplicateKey "RB104" Error "A key stands twice."
        "YAML forbids it, and readers disagree about which of the two holds. Remove one."
    WrongValue "RB105" Error "A value is not one of those that are possible here."
        "The value has the right type but does not mean anything here."
    UnknownFormat "RB107" Error "The format is not known."
        "`format` is the version of the runbook language. This program reads format 1."
    NameIsNotFile "RB108" Error "The name inside a file is not the file's name."
        "A runbook is found by its file, `runbooks/NAME.yaml`, and speaks of itself as `runbook: NAME`. Both must be \
         the same; so must an environment's, in `environments/NAME.yaml`."
    TooManySteps "RB109" Error "There are too many steps."
        "A runbook has at most 500 steps. Nobody can follow more."
    StepKind "RB110" Error "A step has exactly one kind."
        "Each step has one of `action`, `check`, `manual`, `gate`, `wait` or `runbook`, which says what it does."
    KeyOfOtherKind "RB111" Error "A key does not belong to this kind."
        "The key is known, but has no meaning for a step or parameter of this kind, so it would be ignored."
    MalformedName "RB112" Error "A name has the wrong shape."
        "Names of runbooks and steps are lower-case letters, digits and hyphens; names of parameters are lower-case \
         letters, digits and underscores. Both begin with a letter and have at most 63 characters."
    Pattern "RB113" Error "A pattern is not a regular expression."
        "The pattern of a parameter is a regular expression (of the `regex-lite` crate: no look-around, no back \
         references) that must match the whole input."
    Default "RB114" Error "A default does not fit its parameter or field."
        "The default is checked like an input, so that a run without that input can start. So is what a field of a \
         manual step has as `default` or `headless`."
    OneOfSeveral "RB115" Error "Exactly one of some keys must be given."
        "The keys are different ways to say what is done. A wait has one of `for`, `until` and `check`; an entry of `undo` \
         one of `action` and `check`; `drill` one of `skip`, `action`, `check` and `manual`."
    KeysExclude "RB116" Error "Two keys contradict each other."
        "A step that can be undone is no point of no return, and a choice that ends the run leads to no step. Remove the \
         one that is not meant."
    NeedsOther "RB117" Error "A key needs another one beside it."
        "`on_failure: retry` says that it is tried again, and `retry` how often; `on_failure: undo` offers what stands \
         in `undo`. Add the missing key, or write `on_failure: ask`."
    TooMany "RB118" Error "There are too many of something."
        "A gate has at most 20 choices, a manual step 40 fields, `verify` 20 entries, `undo` 50, a runbook 40 outputs, \
         the `choices` of a parameter 200 values, `needs` 500 steps, and a list that is written out as many items as \
         `at_most` says (100 unless given). Nobody can follow more; split the step."
    DuplicateName "RB201" Error "A name is given twice."
        "Steps are addressed by their names, in `needs`, in expressions, and in the timeline. Each has its own."
    UnknownNeed "RB202" Error "A step needs a step that does not exist."
        "`needs` lists the steps that must have ended well before this one starts."
    Cycle "RB203" Error "Steps need each other in a circle."
        "None of them could ever start. Remove one of the needs."
    SelfNeed "RB204" Error "A step needs itself."
        "It could never start. Remove the need."
    NeedsBelow "RB205" Warning "A step needs one that stands further down."
        "The run goes in the order of the needs, but people read from top to bottom. Move the step up."
    UnknownAction "RB206" Error "The action is not in the catalogue."
        "`callout actions` lists what can be asked of the world."
    NotACheck "RB207" Error "The operation does not judge."
        "A check gives pass, fail or cannot observe. This operation only reads or changes; use it as an `action`."
    UnknownArgument "RB208" Error "The operation or runbook has no such parameter."
        "`callout actions NAME` shows what an operation takes; what a runbook takes stands in its `parameters`."
    MissingArgument "RB209" Error "The operation or runbook needs this argument."
        "`callout actions NAME` shows what an operation takes; what a runbook takes stands in its `parameters`, and one \
         without a default must be given."
    UnknownInput "RB210" Error "The runbook has no such parameter."
        "`inputs.NAME` is the input for the parameter NAME, which must be declared under `parameters`."
    UnknownStep "RB211" Error "There is no such step."
        "Steps are named by their `id`: in `steps.NAME.outputs.FIELD`, which reads what the step NAME gave, in `leads_to` \
         of a choice, in `go_to` and in `possible_until`."
    UnknownOutput "RB212" Error "There is no such output."
        "`callout actions NAME` shows what an operation gives. A manual step gives its fields, a gate its `choice`, a \
         nested runbook its `outputs`."
    NotBefore "RB213" Error "The step need not have run by then."
        "An expression may read a step only if that step is among the needs, directly or through others; otherwise it \
         may not have run, and there would be nothing to read."
    MayBeSkipped "RB214" Error "The step may have given nothing."
        "A step gives no outputs when its `when` does not hold, when another choice is taken at the gate that leads to \
         it, or when it has failed and its `on_failure` lets the run go on. Only a step that is done in no such run may \
         read it: one with the same condition, or in the same branch. Where branches meet again, neither can be read; say \
         what to take where there is nothing with `default(value, otherwise)`."
    NoItem "RB215" Error "`item` stands for nothing here."
        "`item` is the item of the list in `for_each`, inside the step (or undo entry) that has it."
    NoSelf "RB216" Error "`self` stands for nothing here."
        "`self` is the step itself once it has succeeded, so it stands only in its `verify` and `undo`."
    UnknownName "RB217" Error "The name stands for nothing."
        "A path begins with `inputs`, `steps`, `item` or `self`, or with a name that `filter`, `map`, `any` or `all` binds \
         around it."
    UnknownRunbook "RB218" Error "There is no such runbook."
        "A runbook that is nested stands in the same folder, and is named by its file without the ending. A file that is \
         checked alone knows no other; check the folder."
    RunbookCycle "RB219" Error "Runbooks nest each other in a circle."
        "A run of them would never end. Let one of them do itself what it needs of the others."
    TooManyLevels "RB220" Error "Runbooks are nested too deeply."
        "There may be 8 levels, the outermost runbook included. Nobody can follow more at night: let one of them do \
         itself what the next one does."
    LeadsElsewhere "RB221" Error "A choice leads to a step that does not wait for it."
        "A step that a choice leads to must need the gate, or it could begin before anybody has chosen. Add the gate to \
         its `needs`."
    TwoMasters "RB222" Error "Two things decide whether a step is done."
        "A step stands in the branch of one gate, or answers the failure of a step, never both: it could not be told \
         what happens when the two disagree. Put a step between them."
    NoWayThrough "RB223" Error "Nobody can pass this gate."
        "Every one of its choices ends the run, so no step after it is ever done. Let at least one go on."
    Unreachable "RB224" Error "A step can never be done, or a need never met."
        "What decides about the step and what it needs exclude each other: the choices of one gate, or a step's failure \
         and its good end. Remove the need, or let the step stand where the branches meet again (there it needs one step of \
         each, and no choice leads to it)."
    GoTo "RB225" Error "The run cannot go on with this step."
        "`go_to` names the step that answers the failure. It comes after the step that has failed, is another one, and is \
         done in no other case; so the failed step must not need it, directly or through others."
    UndoUntil "RB226" Error "The chance to undo cannot end with this step."
        "`possible_until` names a step that comes later, because its beginning ends the chance. Name one that needs this \
         step, directly or through others, or write a length of time."
    SubstituteOutputs "RB227" Error "A drill's substitute does not give what other steps read."
        "In a drill the substitute stands in the step's place, so it must give the outputs that other steps read, with the \
         same types. Substitute it by an operation that does, by `manual` with `fields` of these names, or give \
         the steps that read it a substitute too."
    TooManyNested "RB228" Error "With what is nested there are too many steps."
        "A runbook or a programme has at most 5,000 steps when each runbook that it nests is counted with its own, once for \
         each item of a list that is written out. Eight levels multiply quickly, and a plan shows every step: nest \
         less, or start a part of it by itself."
    Syntax "RB301" Error "The expression cannot be read."
        "Expressions are paths (`inputs.app.url`), texts in quotes, integers, decimals (`0.5`), lengths of time (`5m`), \
         `true` and `false`, with `== != < <= > >=`, `&& || !`, parentheses and functions. `filter`, `map`, `any` and \
         `all` bind a name of your own, as in `any(inputs.apps, app => app.name == 'web')`; the other functions are \
         `contains`, `length`, `first`, `last`, `sort`, `unique`, `join`, `split`, `lower`, `starts_with`, `ends_with`, \
         `before`, `after`, `default` and `if`. There is no arithmetic: moments are moved by `before` and `after`."
    TooComplex "RB302" Error "The expression is too large."
        "An expression has at most 2,000 bytes and 64 levels, so that it is read at once. In a run it may take 100,000 \
         steps and make 1 MiB of texts and lists; what is only passed on does not count."
    Operand "RB303" Error "A part of an expression has the wrong type."
        "Types are known beforehand and never converted silently: a number is not compared with a text. Only an integer \
         that is written out may stand beside a decimal, and a quoted moment beside a timestamp. `<` and its kin \
         compare integers, decimals, durations and timestamps; `==` also strings, booleans and targets."
    ArgumentType "RB304" Error "An argument has the wrong type."
        "The type of the value must be the type of the operation's parameter."
    UnknownFunction "RB305" Error "There is no such function."
        "The functions are `contains(list, value)`, `length(list)`, `first(list)`, `last(list)`, `sort(list)`, \
         `unique(list)`, `join(list, separator)`, `split(text, separator)`, `lower(text)`, `starts_with(text, start)`, \
         `ends_with(text, end)`, `before(timestamp, duration)`, `after(timestamp, duration)`, `default(value, \
         otherwise)`, `if(condition, value, otherwise)`, `filter(list, name => condition)`, `map(list, name => value)`, \
         `any(list, name => condition)` and `all(list, name => condition)`. `contains` and `length` take texts too."
    ArgumentCount "RB306" Error "A function has too many or too few arguments."
        "The functions are `contains(list, value)`, `length(list)`, `first(list)`, `last(list)`, `sort(list)`, \
         `unique(list)`, `join(list, separator)`, `split(text, separator)`, `lower(text)`, `starts_with(text, start)`, \
         `ends_with(text, end)`, `before(timestamp, duration)`, `after(timestamp, duration)`, `default(value, \
         otherwise)`, `if(condition, value, otherwise)`, `filter(list, name => condition)`, `map(list, name => value)`, \
         `any(list, name => condition)` and `all(list, name => condition)`. `contains` and `length` take texts too."
    NotAList "RB307" Error "`for_each` needs a list."
        "The step is done once for each item of a list, in its order."
    NotACondition "RB308" Error "`when` needs a condition."
        "`when` is an expression that is true or false."
    NotText "RB309" Error "The value cannot stand inside text."
        "Texts, numbers and truth values can stand inside text; lists and records cannot. A target's fields are \
         `name`, `id` and `url`."
    NotAMoment "RB310" Error "This is no moment."
        "`until` of a wait is a moment with its time zone, as RFC 3339 has it (`2026-03-01T03:10:00Z`), or an expression of \
         type timestamp, as a field of a manual step gives it."
    SecretLeak "RB401" Error "A secret would flow where it can be seen."
        "A secret goes, whole and by reference, to a parameter that takes a secret, and nowhere else: not into text, \
         addresses, comparisons or other parameters."
    SecretInClear "RB402" Error "A secret stands in the file."
        "A secret never stands in a runbook or a playbook, and never travels by value. Write `{generate: {bytes: 32, \
         encoding: base64url}}` or `{version_of: …}`, or leave an input out: the operator or the environment says where its \
         secret is kept. If a real secret stood here, rotate it: it is in git's history."
    RiskLowered "RB403" Error "The risk of an operation cannot be lowered."
        "The risk stands in the catalogue. `confirm` may raise it, never lower it."
    Unverified "RB404" Warning "A change is not verified."
        "A step that changes something should say in `verify` how one sees that it had its effect: an accepted \
         request is not an effect."
    NeedsPerson "RB405" Note "A headless run waits at this gate."
        "Nobody is there to choose in a headless run. `headless: CHOICE` says what such a run chooses; without it, \
         the run waits for an answer."
    NothingToEnforce "RB406" Error "A safety key stands on a step that only reads."
        "`verify`, `confirm` and `undo` are about a change. An action that only reads changes nothing, so nothing would \
         be looked at, asked or taken back, and the key would promise what is not done. Remove it; what a reading must \
         show is a step of its own, with `check`."
    Unaccounted "RB407" Error "Nothing would tell what became of a change."
        "The step has neither `verify` nor `undo`, and no probe, its own or the operation's, can find out whether it \
         happened. After a lost answer there would be nothing to decide by. `verify` is what helps most."
    ParallelChange "RB408" Error "Steps without an order change one target."
        "The target's lock keeps them from working at once, but which of them comes first is left to chance. Give one of \
         them the other as a need. Steps of which a gate, a failure or their conditions let only one happen are meant to \
         be without an order."
    GeneratedAgain "RB409" Warning "A secret gets another fresh value."
        "Each `generate` makes a new random value. Where one value is meant, it is made and stored once, and read again \
         by its version; where the old value is to come back, its version is set anew."
    HeadlessEnds "RB410" Warning "A run without a person always ends at this gate."
        "`headless` is what a run takes when nobody is there to choose. If nobody but a person may decide, leave it out: \
         then such a run waits."
    OverObjective "RB411" Warning "The recovery is expected to take longer than it may."
        "The expected lengths of the steps that follow each other (`expect`, else the operation's usual time; waits in \
         full; one item of each list) add up to more than `objectives.rto`, at the step that `marks: service_restored`. \
         The time that people take comes on top."
    NoMilestone "RB412" Note "There is an RTO, and no step says when the service is restored."
        "The recovery time ends with the step that `marks: service_restored`. Without it, only the whole run can be \
         measured, with whatever is tidied up and waited for afterwards."
    UndoSameForAll "RB413" Warning "An undo does the same for every item."
        "Each item of a `for_each` is undone by itself. An undo that does not speak of `item` or `self` does the same \
         thing once per item, and takes back nothing in particular."
    PerhapsSecret "RB414" Warning "What may be a secret stands in the file."
        "It has the shape of a key or of a random value. If it is a secret, it is in git's history: rotate it. If it is an \
         id, it probably belongs to one environment, and should be an input."
    HardCodedSubscription "RB415" Warning "A subscription is hard-coded."
        "The runbook would look there in every environment, drills included. Resources are parameters, and the environment \
         says where they are."
    Impatient "RB416" Warning "A limit is shorter than what is expected."
        "The limit would usually be met while everything goes well. Limits are for what is stuck; `expect` is for what is \
         usual."
    RetryOfOnce "RB417" Error "What must not be sent twice would be sent again by itself."
        "An operation of class D (a restart, a swap) does its work again each time it is sent; a second swap takes the \
         first one back. `callout actions NAME` shows the class. Without `retry` the run asks a person, who can look."
    FailureIgnored "RB418" Warning "A change is made although what it rests on may have failed."
        "With `on_failure: continue` the steps that need this one are done after its failure, too. So a check guards \
         nothing, and a change builds on another that may not be there. `ask` lets a person decide."
    UndoNeedsSuccess "RB419" Warning "An undo needs what may never be known."
        "The outputs of a step are known when its answer arrived, or when the operation's own probe gives them. If the \
         answer is lost and the probe tells only that it happened, an undo that reads them cannot be done."
    NoReturnUnguarded "RB420" Warning "Nobody is made to stop before the point of no return."
        "A step with `point_of_no_return` is confirmed by its risk. Unless that is irreversible, or a gate stands \
         before it, an operator passes it like any other step."
    BelowPlatform "RB421" Warning "The objective for lost data is below what the platform can give."
        "`objectives.rpo` says how much of the latest data may be gone, and an operation of the runbook brings back data that \
         may be older: its service promises no more (`callout actions NAME` shows how much, and where it says so). A run \
         may lose less, and measures what it lost; an objective must not depend on luck."
    GuessedSignIn "RB501" Error "A protected environment must say who signs in."
        "`sign_in: auto` takes whoever is signed in to the first tool that answers, so a step could be done by somebody \
         else than was meant. A protected environment names one way to sign in."
    PlaybookNameIsNotFile "RB601" Error "The playbook's name is not the file's name."
        "A playbook is found by its file, `playbooks/NAME.yaml`, and speaks of itself as `playbook: NAME`. Both must be \
         the same."
    PlaybookIsRunbook "RB602" Error "A playbook has the name of a runbook."
        "`callout show NAME` and `callout plan NAME` take both, so a name means one of them."
    NoSuchRunbook "RB603" Error "A playbook names a runbook that does not exist."
        "Whoever opens a playbook at 03:10 must not look for a runbook in vain. It stands in `runbooks/` of the same \
         library; `callout list` lists them."
    RunbookBroken "RB604" Error "A drill programme runs a runbook that cannot be used."
        "The runbook has errors of its own. Until they are repaired, nothing can be said of its inputs, and the drill \
         could not be planned."
    NoSuchParameter "RB605" Error "The runbook has no such parameter."
        "The inputs that a playbook gives are those of the runbook's `parameters`; `callout show RUNBOOK` lists them."
    InputUnfit "RB606" Error "An input does not fit the runbook's parameter."
        "An input that a playbook gives is a fixed value, and is checked as if it were given on the command line. What is \
         known only in the incident is left out, and so is every secret; then the operator or the environment gives it."
    InputOpen "RB607" Warning "Nothing gives an input that a drill needs."
        "Neither the programme nor a default gives it, and the environment is not known to. Give it in `with` (a secret \
         never), or see that the environment has it under `inputs`."
    UnknownSeverity "RB608" Error "There is no such severity."
        "The severities are `sev1` (the worst) to `sev4`. Words of other tools stay with their alerts."
    TooManyFirstActions "RB609" Error "There are more than five first actions."
        "Somebody who was asleep two minutes ago does what is on the first screen. Move the rest into a runbook."
    EscalationOrder "RB610" Error "An escalation does not go on in time."
        "`after` counts from the first call. The first level is called at once, and each other one later than the level \
         before, for otherwise it would never be reached or never be awaited. Several people at one moment are one level."
    NoIncidentField "RB611" Error "A message reads what an incident does not have."
        "The holes of a message read `incident.title`, `incident.severity`, `incident.started_at`, \
         `incident.environment` and `incident.summary`, and nothing else."
    MessageTwice "RB612" Error "There are two messages for one audience and moment."
        "Which of them should be sent? Make one of the two, or name the audiences apart."
    NothingListed "RB613" Error "A list says nothing."
        "A playbook without symptoms is not found, and one without an end is never over. The list needs an entry."
    NotBound "RB614" Error "A drill would touch what is not bound to it."
        "A drill really executes. It touches only the resources under `targets`, so that nobody drills on production by a \
         slip of the hand. Bind the resource, or name another."
    ObjectiveShort "RB615" Warning "The programme's objective is shorter than what its runbooks take."
        "The lengths that the runbooks' own steps expect, along the longest way through the programme, add up to more than \
         its RTO: each runbook to its end, and the last one until it marks `service_restored`. People's time comes on top."
}

impl Code {
    /// Tells whether its place may be a secret that stands in the file, and so must not be shown.
    pub const fn is_about_a_secret(self) -> bool {
        matches!(self, Self::SecretInClear | Self::PerhapsSecret)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_so_that_none_is_given_twice() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    }
}
