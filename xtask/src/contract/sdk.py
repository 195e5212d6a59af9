"""Does with the stand-in of the agent program what users of the SDK do with the real one.

Usage: sdk.py PATH-OF-FAKE-CLAUDE. Ends with 0 if everything was as it should be.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    HookMatcher,
    PermissionResultAllow,
    PermissionResultDeny,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    TextBlock,
    create_sdk_mcp_server,
    query,
    tool,
)

FAKE = sys.argv[1]
LIMIT_S = 30


def options(home, **more):
    os.environ["CLAUDE_CONFIG_DIR"] = str(home / "config")
    return ClaudeAgentOptions(cli_path=FAKE, cwd=str(home), **more)


async def say(client, text):
    """Sends a text; all messages of the answer, the result last."""
    await client.query(text)
    return [message async for message in client.receive_response()]


def result(messages):
    last = messages[-1]
    assert isinstance(last, ResultMessage), messages
    return last


def text(messages):
    blocks = [b for m in messages if isinstance(m, AssistantMessage) for b in m.content]
    return " ".join(block.text for block in blocks if isinstance(block, TextBlock))


async def two_queries(home):
    async with ClaudeSDKClient(options(home)) as client:
        first = await say(client, "hi")
        assert isinstance(first[0], SystemMessage) and first[0].subtype == "init", first
        assert text(first) == "You said: hi", first
        assert not result(first).is_error and result(first).num_turns == 1
        second = await say(client, "recall")
        assert text(second) == "I remember: hi", second
        assert result(first).session_id == result(second).session_id
        assert (await client.get_server_info())["commands"] is not None


async def interrupt(home):
    async with ClaudeSDKClient(options(home)) as client:
        await client.query("slow 100 100")
        seen = []
        async for message in client.receive_response():
            seen.append(message)
            if isinstance(message, SystemMessage) and message.subtype == "init":
                await client.interrupt()
        assert result(seen).is_error and result(seen).subtype == "error_during_execution", seen
        assert text(await say(client, "hi")) == "You said: hi"


async def permission(home):
    asked = []

    async def decide(name, arguments, context):
        asked.append((name, arguments["command"]))
        if "no" in arguments["command"]:
            return PermissionResultDeny(message="Not here.")
        return PermissionResultAllow(updated_input={**arguments, "command": "echo changed"})

    async with ClaudeSDKClient(options(home, can_use_tool=decide)) as client:
        assert "The tool said: changed" in text(await say(client, "tool: touch yes"))
        denied = await say(client, "tool: touch no")
        assert "The tool said: Not here." in text(denied), denied
        assert len(result(denied).permission_denials) == 1, denied
    assert asked == [("Bash", "touch yes"), ("Bash", "touch no")], asked
    assert not (home / "no").exists()


async def tools(home):
    called = []

    @tool("reply", "Sends a text.", {"text": str})
    async def reply(arguments):
        called.append(arguments["text"])
        return {"content": [{"type": "text", "text": "sent"}]}

    server = create_sdk_mcp_server("assistant", tools=[reply])
    allowed = ["mcp__assistant__reply"]
    more = options(home, mcp_servers={"assistant": server}, allowed_tools=allowed)
    async with ClaudeSDKClient(more) as client:
        answer = await say(client, "hi")
        assert result(answer).result == "Done.", answer
        assert called == ["You said: hi"], called
        status = await client.get_mcp_status()
        assert status["mcpServers"][0]["name"] == "assistant", status


async def hooks(home):
    async def refuse(data, tool_use_id, context):
        verdict = {"hookEventName": "PreToolUse", "permissionDecision": "deny",
                   "permissionDecisionReason": "by rule"}
        return {"hookSpecificOutput": verdict} if "no" in data["tool_input"]["command"] else {}

    async def remind(data, tool_use_id, context):
        again = data["stop_hook_active"]
        return {} if again else {"decision": "block", "reason": "say something"}

    registered = {"PreToolUse": [HookMatcher(matcher="Bash", hooks=[refuse])],
                  "Stop": [HookMatcher(hooks=[remind])]}
    async with ClaudeSDKClient(options(home, hooks=registered)) as client:
        answer = await say(client, "tool: touch no")
        assert "by rule" in text(answer), answer
        assert text(await say(client, "silent")).endswith("You said: silent")


async def resume(home):
    async with ClaudeSDKClient(options(home)) as client:
        session = result(await say(client, "the word is heron")).session_id
    async with ClaudeSDKClient(options(home, resume=session)) as client:
        answer = await say(client, "recall")
        assert text(answer) == "I remember: the word is heron", answer
        assert result(answer).session_id == session
    try:
        unknown = "00000000-dead-4000-8000-000000000000"
        async with ClaudeSDKClient(options(home, resume=unknown)) as client:
            await say(client, "hi")
    except Exception as error:
        assert "No conversation found" in str(error), error
    else:
        raise AssertionError("an unknown session was resumed")


async def errors(home):
    async with ClaudeSDKClient(options(home)) as client:
        failed = result(await say(client, "error 400"))
        assert failed.is_error and failed.subtype == "success", failed
        assert text(await say(client, "hi")) == "You said: hi"


async def settings(home):
    async with ClaudeSDKClient(options(home, model="sonnet", max_turns=9)) as client:
        await client.set_permission_mode("acceptEdits")
        await client.set_model("opus")
        init = (await say(client, "hi"))[0]
        assert init.data["permissionMode"] == "acceptEdits", init
        await client.get_context_usage()


async def pieces(home):
    async with ClaudeSDKClient(options(home, include_partial_messages=True)) as client:
        answer = await say(client, "hi")
        events = [m.event for m in answer if isinstance(m, StreamEvent)]
        deltas = [e["delta"].get("text", "") for e in events if e["type"] == "content_block_delta"]
        assert "".join(deltas) == text(answer) == "You said: hi", answer


async def sessions(home):
    async with ClaudeSDKClient(options(home)) as client:
        origin = result(await say(client, "the word is heron")).session_id
    async with ClaudeSDKClient(options(home, resume=origin, fork_session=True)) as client:
        answer = await say(client, "recall")
        assert text(answer) == "I remember: the word is heron", answer
        assert result(answer).session_id != origin
    async with ClaudeSDKClient(options(home, continue_conversation=True)) as client:
        assert "heron" in text(await say(client, "recall"))


async def limits(home):
    async with ClaudeSDKClient(options(home, max_turns=1)) as client:
        stopped = result(await say(client, "tool: echo x"))
        assert stopped.subtype == "error_max_turns" and stopped.is_error, stopped


async def one_shot(home):
    answer = [message async for message in query(prompt="hi", options=options(home))]
    assert text(answer) == "You said: hi", answer


TRIALS = [two_queries, interrupt, permission, tools, hooks, resume, errors, settings, pieces,
          sessions, limits, one_shot]


async def main():
    failed = 0
    for trial in TRIALS:
        with tempfile.TemporaryDirectory(prefix="sdk-") as home:
            try:
                await asyncio.wait_for(trial(Path(home)), LIMIT_S)
                print(f"ok      {trial.__name__}")
            except BaseException as error:
                failed += 1
                print(f"FAILED  {trial.__name__}: {type(error).__name__}: {error}")
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


asyncio.run(main())
