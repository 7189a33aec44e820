"""A client of the websockets library. Arguments: URL, `deflate` or `plain`, and what to do:

`echo FILE`     sends the messages of a JSON file (strings, or {"base64": ...}) and prints them as they came back
`leave CODE`    closes with that code
`wait CODE`     asks the server to close with that code
"""

import asyncio
import base64
import json
import sys

import websockets


def decoded(message):
    return message if isinstance(message, str) else base64.b64decode(message["base64"])


def encoded(message):
    return message if isinstance(message, str) else {"base64": base64.b64encode(message).decode()}


async def main(url, compression, action, argument):
    options = {"compression": "deflate" if compression == "deflate" else None, "max_size": None}
    async with websockets.connect(url, **options) as client:
        result = {"extensions": [extension.name for extension in client.extensions]}
        if action == "echo":
            with open(argument, encoding="utf-8") as file:
                messages = [decoded(message) for message in json.load(file)]
            result["messages"] = []
            for message in messages:
                await client.send(message)
                result["messages"].append(encoded(await client.recv()))
            await asyncio.wait_for(await client.ping(b"are you there?"), None)
            for message in messages:
                await client.send([message, message])
                answer = await client.recv()
                assert answer == message + message, "a message in two fragments"
        elif action == "leave":
            await client.close(int(argument), "bye")
        else:
            await client.send(f"close {argument} see you")
            await client.wait_closed()
        await client.close()
        result["close"] = [client.close_code, client.close_reason]
        print(json.dumps(result))


asyncio.run(main(*sys.argv[1:]))
