//! The program as a person runs it: the real binary, in homes of its own.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod candidate;
#[cfg(test)]
mod check;
#[cfg(test)]
mod cli;
#[cfg(test)]
#[cfg(feature = "faults")]
mod faults;
#[cfg(test)]
mod install;
#[cfg(test)]
mod launched;
#[cfg(test)]
mod launcher;
#[cfg(test)]
mod place;
