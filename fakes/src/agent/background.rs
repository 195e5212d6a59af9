//! Commands in the background, and the turns that start when they end.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Agent;
use super::action::{Ended, Job};

/// A command that runs beside the turns.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) key: u64,
    run_id: String,
    tool_use_id: String,
    description: String,
}

/// The end of a task, on its way into a turn of its own.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) origin: Value,
}

impl Agent {
    /// Starts the command of the call under way and lets the turn go on.
    pub(super) fn run_in_background(&mut self) {
        let Some(call) = self.call() else { return };
        let command = call.input["command"].as_str().unwrap_or_default().to_owned();
        let description = call.input["description"].as_str().unwrap_or("run it").to_owned();
        let tool_use_id = call.id.clone();
        let key = self.start_job(Job::Bash(command));
        let unique = Uuid::new_v4().simple().to_string();
        let task = Task {
            id: format!("b{}", &unique[..8]),
            key,
            run_id: unique[8..24].to_owned(),
            tool_use_id,
            description,
        };
        let id = task.id.clone();
        let started = json!({
            "type": "system", "subtype": "task_started", "task_id": id, "run_id": task.run_id,
            "tool_use_id": task.tool_use_id, "description": task.description,
            "is_backgrounded": true, "task_type": "local_bash",
        });
        self.tasks.push(task);
        self.tell_tasks();
        self.emit_message(started);
        let text = format!(
            "Command running in background with ID: {id}. Output is being written to: {}. You \
             will be notified when it completes.",
            output_file(&id)
        );
        let raw = json!({
            "stdout": "", "stderr": "", "interrupted": false, "isImage": false,
            "noOutputExpected": false, "backgroundTaskId": id,
        });
        self.finish_call(&json!(text), false, &raw);
    }

    /// The full set of tasks alive.
    fn tell_tasks(&mut self) {
        let tasks: Vec<Value> = self
            .tasks
            .iter()
            .map(|task| {
                json!({
                    "task_id": task.id, "run_id": task.run_id, "task_type": "local_bash",
                    "description": task.description,
                })
            })
            .collect();
        self.emit_message(json!({
            "type": "system", "subtype": "background_tasks_changed", "tasks": tasks,
        }));
    }

    /// A background command is over.
    pub(super) fn task_ended(&mut self, key: u64, ended: &Ended) {
        let Some(at) = self.tasks.iter().position(|task| task.key == key) else { return };
        let task = self.tasks.remove(at);
        let status = if ended.code == 0 { "completed" } else { "failed" };
        let summary = format!(
            "Background command \"{}\" {status} (exit code {})",
            task.description, ended.code
        );
        self.tell_end(&task, status, &summary);
        self.notices.push_back(Notice {
            text: format!(
                "<task-notification>\n<task-id>{}</task-id>\n<status>{status}</status>\n\
                 <summary>{summary}</summary>\n</task-notification>",
                task.id
            ),
            origin: json!({
                "kind": "task-notification", "producer": "session-task", "runId": task.run_id,
            }),
        });
    }

    /// `stop_task`: ends a task, if there is one with that id.
    pub(super) fn stop_task(&mut self, id: &str) -> bool {
        let Some(at) = self.tasks.iter().position(|task| task.id == id) else { return false };
        let task = self.tasks.remove(at);
        self.stop_job(task.key);
        let summary = task.description.clone();
        self.tell_end(&task, "stopped", &summary);
        true
    }

    fn tell_end(&mut self, task: &Task, status: &str, summary: &str) {
        let patched = if status == "stopped" { "killed" } else { status };
        self.emit_message(json!({
            "type": "system", "subtype": "task_updated", "task_id": task.id,
            "run_id": task.run_id, "patch": { "status": patched },
        }));
        self.emit_message(json!({
            "type": "system", "subtype": "task_notification", "task_id": task.id,
            "run_id": task.run_id, "tool_use_id": task.tool_use_id, "status": status,
            "output_file": output_file(&task.id), "summary": summary,
        }));
        self.tell_tasks();
    }
}

fn output_file(id: &str) -> String {
    format!("/nowhere/tasks/{id}.output")
}
