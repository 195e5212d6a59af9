"""The published SDK as a host process: does what it is asked on stdin, and says what it took.

Usage: sdk_host.py SETTINGS, a JSON object; it and the lines are those of `harness::bench::peers`.
Uses the SDK as its documents do; every time is taken by this process around the call.
"""

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path

import claude_agent_sdk as sdk

SETTINGS = json.loads(sys.argv[1])


def ms_since(began):
    return (time.perf_counter_ns() - began) / 1e6


def options(resume):
    """What the other host gives its agents too, as far as the SDK has a word for it."""

    async def refuse(name, arguments, context):
        return sdk.PermissionResultDeny(message="Not here.")

    return sdk.ClaudeAgentOptions(
        cli_path=SETTINGS["claude"],
        cwd=Path(SETTINGS["dir"], "work"),
        env=SETTINGS["variables"],
        system_prompt=SETTINGS["system_prompt"],
        tools=[],
        setting_sources=[],
        can_use_tool=refuse,
        session_id=None if resume else str(uuid.uuid4()),
        resume=resume,
        # Without these it is inherited, and words of a text may be taken for commands: the other host
        # does neither.
        stderr=lambda line: None,
        verbatim_prompts=True,
    )


class Session:
    """One conversation; each verb returns what it took, in milliseconds."""

    def __init__(self, resume=None):
        self.client = sdk.ClaudeSDKClient(options(resume))
        self.id = resume

    async def connect(self):
        began = time.perf_counter_ns()
        await self.client.connect()
        return ms_since(began)

    async def query(self, text):
        first = None
        began = time.perf_counter_ns()
        await self.client.query(text)
        async for message in self.client.receive_response():
            if first is None and isinstance(message, sdk.AssistantMessage):
                first = ms_since(began)
        took = ms_since(began)
        assert isinstance(message, sdk.ResultMessage) and not message.is_error, message
        self.id = message.session_id
        return first, took

    async def begin(self, text):
        """Returns when the turn runs."""
        await self.client.query(text)
        async for message in self.client.receive_messages():
            if isinstance(message, sdk.SystemMessage) and message.subtype == "init":
                return

    async def interrupt(self):
        began = time.perf_counter_ns()
        await self.client.interrupt()
        took = ms_since(began)
        async for message in self.client.receive_response():
            pass
        assert isinstance(message, sdk.ResultMessage) and message.is_error, message
        return took

    async def disconnect(self):
        began = time.perf_counter_ns()
        await self.client.disconnect()
        return ms_since(began)


class Host:
    """What the other side of stdin asks of."""

    def __init__(self):
        self.one = None
        self.crowd = []

    async def connect(self):
        self.one = Session()
        return {"ms": await self.one.connect()}

    async def resume(self):
        self.one = Session(self.one.id)
        return {"ms": await self.one.connect()}

    async def query(self, text):
        first, took = await self.one.query(text)
        return {"first_ms": first, "ms": took}

    async def begin(self, text):
        await self.one.begin(text)
        return {}

    async def interrupt(self):
        return {"ms": await self.one.interrupt()}

    async def disconnect(self):
        return {"ms": await self.one.disconnect()}

    async def cycles(self, count, text):
        began = time.perf_counter_ns()
        for _ in range(count):
            session = Session()
            await session.connect()
            await session.query(text)
            await session.disconnect()
        return {"ms": ms_since(began)}

    async def gather(self, count, text):
        while len(self.crowd) < count:
            session = Session()
            await session.connect()
            self.crowd.append(session)
            await session.query(text)
        return {}

    async def scatter(self):
        while self.crowd:
            await self.crowd.pop().disconnect()
        return {}


async def main():
    host = Host()
    version = f"claude-agent-sdk {sdk.__version__}, Python {sys.version.split()[0]}"
    print(json.dumps({"host": version}), flush=True)
    loop = asyncio.get_running_loop()
    try:
        # The loop goes on while a line is waited for, as a program that serves others would.
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            ask = json.loads(line)
            try:
                answer = await getattr(host, ask.pop("do"))(**ask)
            except Exception as error:
                answer = {"failed": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
    finally:
        await host.scatter()
        if host.one is not None:
            await host.one.disconnect()


asyncio.run(main())
