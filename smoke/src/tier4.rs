//! Tier 4.
