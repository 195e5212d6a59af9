//! The bodies of answers to our requests, as values. What is missing reads as "no" or "none": the
//! older versions of the program say less.

use serde_json::Value;

/// The answer to `initialize`: who is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Welcome {
    /// The program's version (2.1.330; absent in 2.1.197).
    pub(crate) version: Option<String>,
    /// Whether a hook may block what it could not judge. A program that cannot serves nobody whose
    /// tools have to be judged.
    pub(crate) hook_on_failure_supported: bool,
    /// Where a token for the API comes from (`CLAUDE_CODE_OAUTH_TOKEN`, ...).
    pub(crate) token_source: Option<String>,
    /// Where a key for the API comes from (`ANTHROPIC_API_KEY`, ...).
    pub(crate) api_key_source: Option<String>,
}

impl Welcome {
    /// Reads the body.
    pub(crate) fn of(body: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let source = |key: &str| text(&body["account"][key]).filter(|source| source != "none");
        Self {
            version: text(&body["claude_code_version"]),
            hook_on_failure_supported: body["hook_on_failure_supported"] == true,
            token_source: source("tokenSource"),
            api_key_source: source("apiKeySource"),
        }
    }
}

#[cfg(test)]
mod tests;
