//! What a sender's domain publishes, and whether its mail passes SPF, DKIM and DMARC.
