use super::screen::Screen;

/// A person before a screen, who reads what is asked before answering.
pub(crate) struct Person {
    pub(crate) screen: Screen,
}

/// What a person sees.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A step that Enter acknowledges, by its digest.
    Acknowledge(String),
    /// A step whose text must be typed.
    ReadBack(String, String),
    /// More of the question is below.
    More,
    Ended,
}

impl Person {
    pub(crate) fn before(screen: Screen) -> Self {
        Self { screen }
    }

    /// Waits for something to do. Every screen on the way says that it is simulated.
    pub(crate) fn look(&self) -> Seen {
        let mut seen = None;
        let contents = self.screen.wait_until("a question that can be answered, or the end", |contents| {
            seen = read(contents);
            seen.is_some()
        });
        assert!(contents.contains("SIMULATED"), "{contents}");
        seen.unwrap()
    }

    /// Answers one question, or reads on. Returns false when the run has ended.
    pub(crate) fn answer(&mut self) -> bool {
        match self.look() {
            Seen::Acknowledge(digest) => self.press_enter(&digest),
            Seen::ReadBack(digest, expected) => {
                if !self.screen.contents().contains(": Enter consents") {
                    self.screen.write(&expected);
                }
                let typed = self.screen.wait_for(": Enter consents");
                assert!(typed.contains("SIMULATED"), "{typed}");
                self.press_enter(&digest);
            }
            Seen::More => {
                let before = self.screen.contents();
                self.screen.press("PageDown");
                self.screen.wait_until("the next page", |contents| contents != before);
            }
            Seen::Ended => return false,
        }
        true
    }

    /// Presses Enter, and waits until the question is gone, or has more to be read: a screen may be seen half drawn.
    fn press_enter(&mut self, digest: &str) {
        self.screen.press("Enter");
        self.screen.wait_until("what comes of the answer", |contents| {
            !contents.contains(digest) || contents.contains("does not count yet")
        });
    }

    /// Decides a question that `asks` stands in, for the line of this number, and says why if that is a field of its own.
    pub(crate) fn choose(&mut self, asks: &str, number: &str) {
        self.screen.wait_for(asks);
        self.screen.press(number);
        loop {
            let contents = self.screen.wait_until("a choice that can be made", |contents| {
                let ready = ["Press Enter to decide", "a text must be typed then", "something is to be filled in then"];
                let counts = ready.iter().any(|says| contents.contains(says));
                counts || contents.contains(" more below ━")
            });
            assert!(contents.contains("SIMULATED"), "{contents}");
            if !contents.contains(" more below ━") {
                break;
            }
            self.screen.press("PageDown");
            self.screen.wait_until("the next page", |next| next != contents);
        }
        let fills = self.screen.contents().contains("something is to be filled in then");
        self.screen.press("Enter");
        if fills {
            self.screen.wait_for("field 1 of 1");
            self.screen.write("looked at it");
            self.screen.press("Enter");
        }
    }

    /// Answers every question up to the end of the run, and leaves.
    pub(crate) fn until_the_end(mut self) -> Screen {
        while self.answer() {}
        self.screen.press("q");
        assert_eq!(self.screen.exit_code(), Some(0));
        self.screen
    }
}

fn read(contents: &str) -> Option<Seen> {
    if contents.contains("Ended: The run succeeded") {
        return Some(Seen::Ended);
    }
    if contents.contains(" more below ━") {
        return Some(Seen::More);
    }
    let digest = contents.split("digest ").nth(1)?.split(' ').next()?.to_owned();
    if contents.contains("Press Enter to acknowledge") {
        return Some(Seen::Acknowledge(digest));
    }
    let expected = contents.split("Type  ").nth(1)?.split("  to go on").next()?;
    Some(Seen::ReadBack(digest, expected.to_owned()))
}
