//! Places of a document that are looked after by a command, between two comments:
//!
//! ```text
//! <!-- begin affected -->
//! ...
//! <!-- end affected -->
//! ```

/// What stands between the markers called `name`, and the line (from 1) on which it begins.
pub(crate) fn find<'a>(text: &'a str, name: &str) -> Option<(&'a str, usize)> {
    let (begin, end) = places(text, name)?;
    let first_line = text[..begin].lines().count() + 1;
    Some((&text[begin..end], first_line))
}

/// The text with `inside` between the markers called `name`.
pub(crate) fn replace(text: &str, name: &str, inside: &str) -> Option<String> {
    let (begin, end) = places(text, name)?;
    Some(format!("{}{inside}{}", &text[..begin], &text[end..]))
}

fn places(text: &str, name: &str) -> Option<(usize, usize)> {
    let opening = format!("<!-- begin {name} -->\n");
    let begin = text.find(&opening)? + opening.len();
    let length = text[begin..].find(&format!("<!-- end {name} -->"))?;
    Some((begin, begin + length))
}

#[cfg(test)]
mod tests;
