//! Who may do what: what the tables must not come to say.

use std::collections::BTreeSet;

use accounts::{Right, Role, Roles, Scope, Scopes};
use proptest::prelude::*;

fn holders(right: Right) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| role.may(right)).collect()
}

#[test]
fn every_right_is_held_by_somebody_and_none_twice() {
    assert_eq!(Right::ALL.into_iter().collect::<BTreeSet<_>>().len(), Right::ALL.len());
    for right in Right::ALL {
        assert!(!holders(right).is_empty(), "{right:?}");
    }
    for role in Role::ALL {
        assert_eq!(role.rights().iter().collect::<BTreeSet<_>>().len(), role.rights().len(), "{role:?}");
        assert!(role.may(Right::ReadLedger), "{role:?}");
        assert_eq!(Role::from_word(role.word()), Some(role));
    }
    assert_eq!(Role::from_word("root"), None);
}

#[test]
fn a_reader_changes_nothing() {
    assert!(Role::Reader.rights().iter().all(|right| right.only_looks()));
    let looking: Vec<Right> = Right::ALL.into_iter().filter(|right| right.only_looks()).collect();
    assert_eq!(Role::Reader.rights(), looking);
}

#[test]
fn what_one_role_alone_holds() {
    for right in [
        Right::Reveal,
        Right::AnswerAccessRequest,
        Right::ErasePerson,
        Right::ForgetAudience,
        Right::DownloadAccount,
        Right::ManageSuppressions,
        Right::SetRetention,
    ] {
        assert_eq!(holders(right), [Role::Officer], "{right:?}");
    }
    for right in [Right::ManageUsers, Right::ManageApiKeys, Right::ChangeSettings, Right::Backup] {
        assert_eq!(holders(right), [Role::Administrator], "{right:?}");
    }
    for right in [Right::ImportAudience, Right::Compose, Right::Submit, Right::Resume] {
        assert_eq!(holders(right), [Role::Author], "{right:?}");
    }
    assert_eq!(holders(Right::Approve), [Role::Approver]);
}

/// Who approves changes nothing of what is approved, and who runs the machine sees nobody on a list.
#[test]
fn roles_that_stay_apart() {
    for right in [Right::Compose, Right::ImportAudience, Right::Submit, Right::ChangeSettings] {
        assert!(!Role::Approver.may(right), "{right:?}");
    }
    for right in [Right::SeeAudiences, Right::SeeDeliveries, Right::Preview, Right::Reveal, Right::Approve] {
        assert!(!Role::Administrator.may(right), "{right:?}");
    }
}

#[test]
fn an_api_key_never_approves_nor_reveals() {
    let all: Scopes = Scope::ALL.into_iter().collect();
    for right in Right::ALL.into_iter().filter(|right| right.needs_a_person()) {
        assert!(!all.may(right), "{right:?}");
        assert!(Scope::ALL.into_iter().all(|scope| !scope.rights().contains(&right)), "{right:?}");
    }
    for right in
        [Right::Approve, Right::Reveal, Right::AnswerAccessRequest, Right::ManageUsers, Right::ManageApiKeys]
    {
        assert!(right.needs_a_person() && right.needs_step_up(), "{right:?}");
    }
    assert!(Scope::Read.rights().iter().all(|right| right.only_looks()));
    for scope in Scope::ALL {
        assert_eq!(Scope::from_word(scope.word()), Some(scope));
        assert!(!scope.rights().is_empty());
    }
    assert_eq!(Scope::from_word("approve"), None);
}

#[test]
fn nothing_that_only_looks_needs_the_second_factor_again() {
    assert!(Right::ALL.into_iter().all(|right| !(right.only_looks() && right.needs_step_up())));
}

#[test]
fn numbers_with_a_bit_of_nobody_are_none() {
    assert_eq!(Roles::from_number(32), None);
    assert_eq!(Roles::from_number(-1), None);
    assert_eq!(Scopes::from_number(64), None);
    assert_eq!(Scopes::from_number(256), None);
    assert_eq!(Roles::from_number(0), Some(Roles::NONE));
    assert!(Right::ALL.into_iter().all(|right| !Roles::NONE.may(right) && !Scopes::NONE.may(right)));
}

proptest! {
    #[test]
    fn roles_add_up_and_nothing_else(roles in proptest::collection::btree_set(0..5usize, 0..5)) {
        let chosen: Vec<Role> = roles.iter().map(|at| Role::ALL[*at]).collect();
        let set: Roles = chosen.iter().copied().collect();
        prop_assert_eq!(Roles::from_number(set.number()), Some(set));
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), chosen.clone());
        for right in Right::ALL {
            prop_assert_eq!(set.may(right), chosen.iter().any(|role| role.may(right)));
        }
        for role in Role::ALL {
            prop_assert!(set.with(role).has(role) && !set.without(role).has(role));
        }
    }

    #[test]
    fn scopes_add_up_and_nothing_else(scopes in proptest::collection::btree_set(0..6usize, 0..6)) {
        let set: Scopes = scopes.iter().map(|at| Scope::ALL[*at]).collect();
        prop_assert_eq!(Scopes::from_number(set.number()), Some(set));
        prop_assert_eq!(set.iter().count(), scopes.len());
        for right in Right::ALL {
            prop_assert_eq!(set.may(right), set.iter().any(|scope| scope.rights().contains(&right)));
        }
    }
}
