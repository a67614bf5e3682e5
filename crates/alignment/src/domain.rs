//! Which domains belong together.

/// The organizational domain: what was registered below a public suffix (RFC 7489 §3.2). A domain that is itself a suffix
/// is its own.
#[must_use]
pub fn organizational(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

/// Whether a domain that was authenticated is aligned with the one that the reader sees: the same, or, where the policy
/// is relaxed, one of the same organization (RFC 7489 §3.1).
#[must_use]
pub fn are_aligned(authenticated: &str, from: &str, strict: bool) -> bool {
    let (authenticated, from) = (authenticated.to_ascii_lowercase(), from.to_ascii_lowercase());
    if strict { authenticated == from } else { organizational(&authenticated) == organizational(&from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignment_is_of_organizations_unless_it_is_strict() {
        assert!(are_aligned("bounces.unit.example", "Unit.example", false));
        assert!(!are_aligned("bounces.unit.example", "unit.example", true));
        assert!(are_aligned("unit.example", "UNIT.example", true));
        assert!(!are_aligned("unit.example", "other.example", false));
    }

    #[test]
    fn a_public_suffix_is_nobodys_organization() {
        assert_eq!(organizational("mail.council.gov.uk"), "council.gov.uk");
        assert!(!are_aligned("north.nhs.uk", "south.nhs.uk", false));
        assert!(!are_aligned("a.co.uk", "b.co.uk", false));
        assert_eq!(organizational("co.uk"), "co.uk");
    }
}
