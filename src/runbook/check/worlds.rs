use std::cell::Cell;

/// A set of the ways in which a run can go, as alternatives; none if there are too many to tell apart. Whatever is asked of
/// such a set, the answer is the one that refuses nothing: what is wrong then shows in the run.
///
/// What decides how a run goes are its *turns*: which choice is taken at a gate, whether a condition holds, whether a step
/// fails and the run goes on all the same. A run in which a turn is never reached counts for every value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worlds(Option<Vec<Cube>>);

/// The values that some turns may have, by the turn's number; a turn that is not there may have any.
type Cube = Vec<(usize, u32)>;

impl Worlds {
    /// More alternatives than this are not told apart.
    const CUBES_MAX: usize = 32;
    /// Nor is a comparison that falls into more pieces than this taken to its end.
    const PIECES_MAX: usize = 256;

    /// Every way.
    pub(super) fn all() -> Self {
        Self(Some(vec![Vec::new()]))
    }

    /// No way.
    pub(super) const fn none() -> Self {
        Self(Some(Vec::new()))
    }

    /// Ways of which nothing is known.
    pub(super) const fn unknown() -> Self {
        Self(None)
    }

    /// The ways in which a turn has one of the values.
    pub(super) fn of(turn: usize, values: u32) -> Self {
        if values == 0 { Self::none() } else { Self(Some(vec![vec![(turn, values)]])) }
    }

    /// Tells whether there is no way.
    pub(super) fn is_none(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }

    /// The turns of the first alternative, each with its values.
    pub(super) fn first(&self) -> &[(usize, u32)] {
        self.0.as_ref().and_then(|cubes| cubes.first()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The ways that are in both.
    pub(super) fn and(&self, other: &Self, turns: &Turns) -> Self {
        let (Some(own), Some(other)) = (&self.0, &other.0) else { return Self(None) };
        if own.len() * other.len() > Self::PIECES_MAX {
            return Self(None);
        }
        let cubes = own.iter().flat_map(|one| other.iter().filter_map(|two| meet(one, two)));
        Self::simple(cubes.collect(), turns)
    }

    /// The ways that are in either.
    pub(super) fn or(&self, other: &Self, turns: &Turns) -> Self {
        let (Some(own), Some(other)) = (&self.0, &other.0) else { return Self(None) };
        Self::simple(own.iter().chain(other).cloned().collect(), turns)
    }

    /// Tells whether every way is one of `other`.
    pub(super) fn within(&self, other: &Self, turns: &Turns) -> bool {
        let (Some(own), Some(other)) = (&self.0, &other.0) else { return true };
        own.iter().all(|cube| {
            let mut left = vec![cube.clone()];
            for taken in other {
                left = left.iter().flat_map(|cube| minus(cube, taken, turns)).collect();
                if left.len() > Self::PIECES_MAX || !turns.may_spend(left.len()) {
                    return true;
                }
            }
            left.is_empty()
        })
    }

    /// Fewer alternatives that say the same.
    fn simple(mut cubes: Vec<Cube>, turns: &Turns) -> Self {
        while cubes.len() > 1 {
            if !turns.may_spend(cubes.len() * cubes.len()) {
                return Self(None);
            }
            let Some((keep, give, merged)) = mergeable(&cubes, turns) else { break };
            cubes[keep] = merged;
            cubes.swap_remove(give);
        }
        Self((cubes.len() <= Self::CUBES_MAX).then_some(cubes))
    }
}

/// The turns of a runbook.
#[derive(Debug)]
pub(super) struct Turns {
    /// For each turn, all of its values.
    values: Vec<u32>,
    /// How much more may be compared, so that a hostile file is answered at once.
    budget: Cell<usize>,
}

impl Turns {
    /// So many comparisons take less than a second.
    const BUDGET: usize = 2_000_000;

    pub(super) const fn new() -> Self {
        Self { values: Vec::new(), budget: Cell::new(Self::BUDGET) }
    }

    /// A turn with so many values, at most 32.
    pub(super) fn add(&mut self, values: usize) -> usize {
        self.values.push(u32::MAX.checked_shr(32_u32.saturating_sub(u32::try_from(values).unwrap_or(32))).unwrap_or(0));
        self.values.len() - 1
    }

    fn all(&self, turn: usize) -> u32 {
        self.values.get(turn).copied().unwrap_or(u32::MAX)
    }

    fn may_spend(&self, work: usize) -> bool {
        let left = self.budget.get().saturating_sub(work + 1);
        self.budget.set(left);
        left > 0
    }
}

fn values(cube: &Cube, turn: usize) -> Option<u32> {
    cube.iter().find(|(own, _)| *own == turn).map(|(_, values)| *values)
}

/// The ways that are in both; none if there is none.
fn meet(one: &Cube, two: &Cube) -> Option<Cube> {
    let mut met = one.clone();
    for &(turn, values) in two {
        match met.iter_mut().find(|(own, _)| *own == turn) {
            Some((_, own)) => *own &= values,
            None => met.push((turn, values)),
        }
    }
    met.sort_unstable();
    met.iter().all(|(_, values)| *values != 0).then_some(met)
}

/// The ways of `cube` that are not in `taken`.
fn minus(cube: &Cube, taken: &Cube, turns: &Turns) -> Vec<Cube> {
    if meet(cube, taken).is_none() {
        return vec![cube.clone()];
    }
    let mut left = Vec::new();
    let mut inside = cube.clone();
    for &(turn, wanted) in taken {
        let own = values(&inside, turn).unwrap_or_else(|| turns.all(turn));
        let set = |values: u32| meet(&inside, &vec![(turn, values)]);
        if own & !wanted != 0 {
            left.extend(set(own & !wanted));
        }
        inside = set(own & wanted).unwrap_or(inside);
    }
    left
}

/// Two alternatives that are one: the first to keep, the second to give up, and what they are together.
fn mergeable(cubes: &[Cube], turns: &Turns) -> Option<(usize, usize, Cube)> {
    for (keep, one) in cubes.iter().enumerate() {
        for (give, two) in cubes.iter().enumerate().skip(keep + 1) {
            if let Some(merged) = merged(one, two, turns) {
                return Some((keep, give, merged));
            }
        }
    }
    None
}

/// What two alternatives are together, if that is one: one lies within the other, or they differ in one turn.
fn merged(one: &Cube, two: &Cube, turns: &Turns) -> Option<Cube> {
    let inside = |inner: &Cube, outer: &Cube| {
        outer.iter().all(|(turn, wide)| values(inner, *turn).is_some_and(|narrow| narrow & !wide == 0))
    };
    if inside(one, two) {
        return Some(two.clone());
    }
    if inside(two, one) {
        return Some(one.clone());
    }
    if one.len() != two.len() || !one.iter().zip(two).all(|(one, two)| one.0 == two.0) {
        return None;
    }
    let mut differing = one.iter().zip(two).enumerate().filter(|(_, (one, two))| one.1 != two.1);
    let (Some((at, (first, second))), None) = (differing.next(), differing.next()) else { return None };
    let (turn, together) = (first.0, first.1 | second.1);
    let mut merged = one.clone();
    if together == turns.all(turn) {
        merged.remove(at);
    } else {
        merged[at] = (turn, together);
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branches_of_a_gate_together_are_the_whole() {
        let mut turns = Turns::new();
        let gate = turns.add(3);
        let a = Worlds::of(gate, 0b001);
        let bc = Worlds::of(gate, 0b110);
        assert_eq!(a.or(&bc, &turns), Worlds::all());
        assert!(a.and(&bc, &turns).is_none());
        assert!(a.within(&Worlds::all(), &turns) && !Worlds::all().within(&a, &turns));
    }

    #[test]
    fn a_way_is_covered_by_alternatives_that_none_of_them_covers_alone() {
        let mut turns = Turns::new();
        let (gate, condition) = (turns.add(2), turns.add(2));
        let first = Worlds::of(gate, 1).and(&Worlds::of(condition, 1), &turns);
        let second = Worlds::of(gate, 2);
        let third = Worlds::of(condition, 2);
        let both = first.or(&second, &turns);
        assert!(!Worlds::all().within(&both, &turns));
        assert!(Worlds::all().within(&both.or(&third, &turns), &turns));
        assert!(Worlds::none().within(&first, &turns));
    }

    #[test]
    fn more_alternatives_than_can_be_told_apart_refuse_nothing() {
        let mut turns = Turns::new();
        let mut many = Worlds::none();
        for _ in 0..40 {
            let one = Worlds::of(turns.add(2), 1).and(&Worlds::of(turns.add(2), 1), &turns);
            many = many.or(&one, &turns);
        }
        assert!(!many.is_none());
        assert!(many.within(&Worlds::none(), &turns) && Worlds::all().within(&many, &turns));
    }
}
