//! The runner of cases, as a program.
