//! Who runs a command: a person by the number of their account, or the service.
//!
//! Where there is an account `undisclosed`, the data belongs to it, and people work by `sudo -u undisclosed`: sudo says
//! who they are (SUDO_UID). This stops mistakes; it does not stop root, who can be anybody (SECURITY.md).

use crate::failure::Failure;

/// The account that the data belongs to, on machines that several people use.
const SERVICE_ACCOUNT: &str = "undisclosed";

/// Who runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody, by the number of their account.
    Person(String),
    /// The account `undisclosed` by itself: a service, nobody in person.
    Service,
}

impl Caller {
    /// The caller of this process. Root is refused where there is an account `undisclosed`.
    pub(crate) fn find() -> Result<Self, Failure> {
        let service = uzers::get_user_by_name(SERVICE_ACCOUNT).map(|user| user.uid());
        let sudo = std::env::var("SUDO_UID").ok();
        Self::decide(rustix::process::getuid().as_raw(), service, sudo.as_deref())
    }

    fn decide(uid: u32, service: Option<u32>, sudo: Option<&str>) -> Result<Self, Failure> {
        let person = |uid: u32| Self::Person(format!("uid {uid}"));
        if service != Some(uid) {
            // Without that account, or in a folder of one's own: the own number, whatever a variable says.
            return if service.is_some() && uid == 0 { Err(root()) } else { Ok(person(uid)) };
        }
        match sudo.map(str::parse) {
            None => Ok(Self::Service),
            Some(Ok(0)) => Err(root()),
            Some(Ok(sudo)) if sudo != uid => Ok(person(sudo)),
            Some(_) => Err(Failure::usage("caller", "SUDO_UID is not the number of a person's account")),
        }
    }

    /// For entries.
    pub(crate) fn actor(&self) -> &str {
        match self {
            Self::Person(person) => person,
            Self::Service => "service",
        }
    }

    /// The person, for what only a person may do.
    pub(crate) fn person(&self) -> Result<&str, Failure> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Service => Err(Failure::usage(
                "caller",
                "this takes a person: run it as yourself, by `sudo -u undisclosed`; nothing was changed",
            )),
        }
    }
}

fn root() -> Failure {
    Failure::usage(
        "root",
        "root is nobody in particular, and this installation has people: work from your own account, by \
         `sudo -u undisclosed`; nothing was changed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(uid: u32, service: Option<u32>, sudo: Option<&str>) -> Option<String> {
        Caller::decide(uid, service, sudo).ok().map(|caller| caller.actor().to_owned())
    }

    #[test]
    fn without_the_account_it_is_the_own_number_whatever_a_variable_says() {
        assert_eq!(decided(1000, None, None).as_deref(), Some("uid 1000"));
        assert_eq!(decided(1000, None, Some("1001")).as_deref(), Some("uid 1000"));
        assert_eq!(decided(0, None, None).as_deref(), Some("uid 0"));
    }

    #[test]
    fn with_the_account_sudo_says_who_it_is_and_root_is_refused() {
        assert_eq!(decided(105, Some(105), Some("1000")).as_deref(), Some("uid 1000"));
        assert_eq!(decided(105, Some(105), None).as_deref(), Some("service"));
        assert!(Caller::Service.person().is_err());
        for (uid, sudo) in
            [(0, None), (0, Some("1000")), (105, Some("0")), (105, Some("105")), (105, Some("x"))]
        {
            assert_eq!(decided(uid, Some(105), sudo), None, "{uid} {sudo:?}");
        }
        // In a folder of one's own.
        assert_eq!(decided(1000, Some(105), Some("1001")).as_deref(), Some("uid 1000"));
    }
}
