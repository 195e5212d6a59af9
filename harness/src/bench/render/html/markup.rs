//! Elements of the page, as a tree: text becomes markup in one place, where it is escaped.
//!
//! What comes out is well-formed XML as well as HTML: every element is closed, and every attribute
//! has a value in quotes.

use std::fmt::Write;

use crate::render::digest::plain;

/// Elements of HTML that have no contents, and so no end.
const VOID: [&str; 3] = ["meta", "br", "wbr"];

/// An element with its attributes and contents.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    contents: Vec<Node>,
}

/// What stands in an element.
#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
    /// A part of this program, which is known to be harmless.
    Verbatim(&'static str),
}

/// An element of this name.
pub(super) const fn el(name: &'static str) -> Element {
    Element { name, attributes: Vec::new(), contents: Vec::new() }
}

impl Element {
    /// With an attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With a class.
    pub(super) fn class(self, class: &'static str) -> Self {
        self.with("class", class)
    }

    /// With a text behind what it holds already.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.contents.push(Node::Text(text.into()));
        self
    }

    /// With an element behind what it holds already.
    pub(super) fn child(mut self, child: Self) -> Self {
        self.contents.push(Node::Element(child));
        self
    }

    /// With all of these behind what it holds already: a list, or an option.
    pub(super) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.contents.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With a part of this program that is not escaped.
    pub(super) fn verbatim(mut self, text: &'static str) -> Self {
        self.contents.push(Node::Verbatim(text));
        self
    }

    /// As text.
    pub(super) fn render(&self, out: &mut String) {
        push(out, format_args!("<{}", self.name));
        for (name, value) in &self.attributes {
            push(out, format_args!(" {name}=\""));
            escape(out, value);
            out.push('"');
        }
        if VOID.contains(&self.name) {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.contents {
            match node {
                Node::Element(element) => element.render(out),
                Node::Text(text) => escape(out, text),
                Node::Verbatim(text) => out.push_str(text),
            }
        }
        push(out, format_args!("</{}>", self.name));
        if is_block(self.name) {
            out.push('\n');
        }
    }
}

/// Whether a line may end behind it without a gap on the page, so that the file can be read.
fn is_block(name: &str) -> bool {
    !matches!(name, "a" | "b" | "code" | "span" | "time" | "strong" | "tspan" | "text" | "small")
}

fn escape(out: &mut String, text: &str) {
    for one in plain(text).chars() {
        match one {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(one),
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every text");
}
