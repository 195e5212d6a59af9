//! The program as a person runs it: the real binary, in homes of its own.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod launched;
#[cfg(test)]
mod launcher;
#[cfg(test)]
mod place;
