//! Stand-ins.
pub mod api;
pub mod model;
