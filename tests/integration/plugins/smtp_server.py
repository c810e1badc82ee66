"""An SMTP server on a free loopback port. Writes its port to FOLDER/port and each accepted message to FOLDER/N.json.

The recipient's local part says how it answers: refused -> 550, later -> 451, spam -> 554 after the data,
leaving -> 421. A sender called unwanted gets 553.
"""
import asyncio
import json
import os
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("unwanted@"):
            return "553 sender not wanted"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = {"refused": "550 no such user", "later": "451 greylisted", "leaving": "421 shutting down"}
        answer = answers.get(address.split("@")[0])
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("spam@"):
            return "554 looks like spam"
        self.count += 1
        write(self.folder, f"{self.count}.json", json.dumps({
            "peer_port": session.peer[1],
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.original_content.decode(),
        }))
        return "250 accepted"


def write(folder, name, text):
    part = os.path.join(folder, "." + name)
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(part, os.path.join(folder, name))


async def main(folder):
    handler = Handler(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", 0)
    write(folder, "port", str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
