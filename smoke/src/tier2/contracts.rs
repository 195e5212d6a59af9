//! The contracts of the agent program, kept by its stand-in over real pipes: one case each.

use crate::case::Definition;
use crate::contracts::over_fake;

/// How long any of them may take, on a machine under load.
const LIMIT_S: u64 = 40;

/// One case for each contract; a test compares the names with the list.
const CASES: &[Definition] = &[
    Definition::fake("tier2::contract::c01_speaks_only_when_spoken_to", LIMIT_S, |case| {
        over_fake(case, "C01")
    }),
    Definition::fake("tier2::contract::c02_a_turn_has_one_init_and_one_result", LIMIT_S, |case| {
        over_fake(case, "C02")
    }),
    Definition::fake("tier2::contract::c03_a_message_is_followed_to_its_end", LIMIT_S, |case| {
        over_fake(case, "C03")
    }),
    Definition::fake("tier2::contract::c04_requests_are_answered_by_id", LIMIT_S, |case| {
        over_fake(case, "C04")
    }),
    Definition::fake("tier2::contract::c05_a_tool_runs_between_two_lines", LIMIT_S, |case| {
        over_fake(case, "C05")
    }),
    Definition::fake("tier2::contract::c06_our_tools_are_called_over_the_line", LIMIT_S, |case| {
        over_fake(case, "C06")
    }),
    Definition::fake(
        "tier2::contract::c07_a_task_ends_in_a_turn_nobody_asked_for",
        LIMIT_S,
        |case| over_fake(case, "C07"),
    ),
    Definition::fake("tier2::contract::c08_an_unknown_request_is_refused", LIMIT_S, |case| {
        over_fake(case, "C08")
    }),
    Definition::fake("tier2::contract::c09_what_is_unknown_is_ignored", LIMIT_S, |case| {
        over_fake(case, "C09")
    }),
    Definition::fake("tier2::contract::c10_a_broken_line_is_the_end", LIMIT_S, |case| {
        over_fake(case, "C10")
    }),
    Definition::fake("tier2::contract::c11_a_line_may_be_long", LIMIT_S, |case| {
        over_fake(case, "C11")
    }),
    Definition::fake("tier2::contract::c12_only_line_ends_count", LIMIT_S, |case| {
        over_fake(case, "C12")
    }),
    Definition::fake("tier2::contract::c13_an_allowed_call_runs_as_changed", LIMIT_S, |case| {
        over_fake(case, "C13")
    }),
    Definition::fake("tier2::contract::c14_a_denied_call_does_not_run", LIMIT_S, |case| {
        over_fake(case, "C14")
    }),
    Definition::fake("tier2::contract::c15_a_denial_may_end_the_turn", LIMIT_S, |case| {
        over_fake(case, "C15")
    }),
    Definition::fake(
        "tier2::contract::c16_a_question_is_withdrawn_by_an_interrupt",
        LIMIT_S,
        |case| over_fake(case, "C16"),
    ),
    Definition::fake("tier2::contract::c17_a_hook_can_refuse_a_call", LIMIT_S, |case| {
        over_fake(case, "C17")
    }),
    Definition::fake("tier2::contract::c18_a_stop_hook_reminds_once", LIMIT_S, |case| {
        over_fake(case, "C18")
    }),
    Definition::fake("tier2::contract::c19_a_prompt_hook_comes_before_the_turn", LIMIT_S, |case| {
        over_fake(case, "C19")
    }),
    Definition::fake("tier2::contract::c20_a_message_is_folded_at_a_tool", LIMIT_S, |case| {
        over_fake(case, "C20")
    }),
    Definition::fake("tier2::contract::c21_waiting_messages_become_one_turn", LIMIT_S, |case| {
        over_fake(case, "C21")
    }),
    Definition::fake("tier2::contract::c22_a_message_may_wait_or_cut", LIMIT_S, |case| {
        over_fake(case, "C22")
    }),
    Definition::fake("tier2::contract::c23_a_waiting_message_can_be_cancelled", LIMIT_S, |case| {
        over_fake(case, "C23")
    }),
    Definition::fake("tier2::contract::c24_a_message_is_taken_once", LIMIT_S, |case| {
        over_fake(case, "C24")
    }),
    Definition::fake("tier2::contract::c25_an_interrupt_cuts_an_answer", LIMIT_S, |case| {
        over_fake(case, "C25")
    }),
    Definition::fake("tier2::contract::c26_an_interrupt_ends_a_tool", LIMIT_S, |case| {
        over_fake(case, "C26")
    }),
    Definition::fake("tier2::contract::c27_an_idle_interrupt_changes_nothing", LIMIT_S, |case| {
        over_fake(case, "C27")
    }),
    Definition::fake("tier2::contract::c28_an_interrupt_leaves_the_queue", LIMIT_S, |case| {
        over_fake(case, "C28")
    }),
    Definition::fake("tier2::contract::c29_an_interrupt_can_empty_the_queue", LIMIT_S, |case| {
        over_fake(case, "C29")
    }),
    Definition::fake("tier2::contract::c30_a_resumed_session_recalls", LIMIT_S, |case| {
        over_fake(case, "C30")
    }),
    Definition::fake(
        "tier2::contract::c31_an_unknown_session_is_told_by_a_result",
        LIMIT_S,
        |case| over_fake(case, "C31"),
    ),
    Definition::fake("tier2::contract::c32_a_session_id_is_given_once", LIMIT_S, |case| {
        over_fake(case, "C32")
    }),
    Definition::fake("tier2::contract::c33_a_killed_session_goes_on", LIMIT_S, |case| {
        over_fake(case, "C33")
    }),
    Definition::fake("tier2::contract::c34_an_api_error_is_a_result", LIMIT_S, |case| {
        over_fake(case, "C34")
    }),
    Definition::fake("tier2::contract::c35_a_retry_is_told", LIMIT_S, |case| {
        over_fake(case, "C35")
    }),
    Definition::fake("tier2::contract::c36_the_last_result_is_the_exit_code", LIMIT_S, |case| {
        over_fake(case, "C36")
    }),
    Definition::fake("tier2::contract::c37_a_turn_outlives_stdin", LIMIT_S, |case| {
        over_fake(case, "C37")
    }),
    Definition::fake("tier2::contract::c38_an_open_question_fails_with_stdin", LIMIT_S, |case| {
        over_fake(case, "C38")
    }),
    Definition::fake("tier2::contract::c39_a_task_outlives_stdin", LIMIT_S, |case| {
        over_fake(case, "C39")
    }),
    Definition::fake("tier2::contract::c40_a_termination_ends_it_at_once", LIMIT_S, |case| {
        over_fake(case, "C40")
    }),
    Definition::fake("tier2::contract::c41_an_answer_can_be_watched", LIMIT_S, |case| {
        over_fake(case, "C41")
    }),
    Definition::fake("tier2::contract::c42_a_fork_goes_its_own_way", LIMIT_S, |case| {
        over_fake(case, "C42")
    }),
];

/// All cases; each of them looks for open files afterwards that were not open before.
pub(super) fn cases() -> &'static [Definition] {
    harness::contract::open_for_good();
    CASES
}

#[cfg(test)]
mod tests;
