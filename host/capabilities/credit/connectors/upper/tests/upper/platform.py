"""An upper-level credit platform, by the protocol of README.md: written against the text, with Python's own `hmac`.

    platform.py KEY_FILE METHOD PORT

METHOD is hmac-sha256 or hmac-sm3; PORT 0 takes a free one. It prints its port, and then answers every line of JSON on
standard input with one: {"mode": "..."} makes it behave so, {"records": [...]} is what it knows, {"clock": seconds}
shifts its clock, {"seen": true} tells what came. It ends with standard input.
"""

import datetime
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time

KEY = open(sys.argv[1], "rb").read().rstrip(b"\r\n")
ALGORITHM = {"hmac-sha256": "sha256", "hmac-sm3": "sm3"}[sys.argv[2]]
WINDOW = 300

lock = threading.Lock()
state = {"mode": ["fine"], "records": [], "clock": 0}
seen = {"requests": 0, "accepted": 0, "refused": [], "targets": [], "apps": [], "traces": []}
nonces = set()
first_answer = []


def sign(*lines, body):
    text = "\n".join([*lines, hashlib.new(ALGORITHM, body).hexdigest()])
    return hmac.new(KEY, text.encode(), ALGORITHM).hexdigest()


def now():
    return time.time() + state["clock"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with lock:
            mode = state["mode"].pop(0) if len(state["mode"]) > 1 else state["mode"][0]
            problem = self.problem(body)
            seen["requests"] += 1
            seen["targets"].append(self.path)
            seen["apps"].append(self.headers.get("x-app-id"))
            seen["traces"].append(self.headers.get("traceparent"))
            if problem:
                seen["refused"].append(problem)
            else:
                seen["accepted"] += 1
        if problem:
            return self.say(401, {"problem": problem})
        self.act(mode, json.loads(body))

    def problem(self, body):
        headers = self.headers
        if headers.get("x-signature-method") != sys.argv[2]:
            return "method"
        try:
            if abs(int(headers["x-timestamp"]) - now()) > WINDOW:
                return "time"
        except (TypeError, ValueError):
            return "time"
        nonce = headers.get("x-nonce") or ""
        signature = sign(self.command, self.path, headers["x-timestamp"], nonce, body=body)
        if not hmac.compare_digest(signature, headers.get("x-signature") or ""):
            return "signature"
        if len(nonce) < 32 or nonce in nonces:
            return "nonce"
        nonces.add(nonce)
        return None

    def act(self, mode, asked):
        known = [dict(record) for record in state["records"] if record["subject"] == asked]
        for record in known:
            del record["subject"]
        as_of = datetime.datetime.fromtimestamp(now(), datetime.timezone.utc)
        answer = {"subject": asked, "as_of": as_of.isoformat(), "complete": True, "records": known}
        if mode == "fine":
            return self.say(200, answer)
        if mode == "slow":
            time.sleep(3600)
        if mode == "hang-up":
            self.close_connection = True
            return None
        if mode == "half":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"subject":')
            self.close_connection = True
            return None
        if mode == "redirect":
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:1/evil")
            self.send_header("content-length", "0")
            self.end_headers()
            return None
        if mode == "huge":
            answer["records"] = [{"detail": "x" * 1024}] * 4096
            return self.say(200, answer)
        if mode == "not-json":
            return self.say_bytes(200, b"<html>maintenance</html>")
        if mode == "not-utf8":
            return self.say_bytes(200, b'{"subject": "\xff\xfe"}')
        if mode == "other-subject":
            answer["subject"] = {"kind": "credit-code", "code": "11320000MB151840XJ"}
            return self.say(200, answer)
        if mode == "incomplete":
            answer["complete"] = False
            return self.say(200, answer)
        if mode == "wrong-type":
            answer["records"] = [{**known[0], "since": 20250101}] if known else "none"
            return self.say(200, answer)
        if mode == "no-records":
            del answer["records"]
            return self.say(200, answer)
        if mode == "old-data":
            answer["as_of"] = "2020-01-01T00:00:00+00:00"
            return self.say(200, answer)
        if mode == "from-the-future":
            answer["as_of"] = "2120-01-01T00:00:00+00:00"
            return self.say(200, answer)
        if mode == "unsigned":
            return self.say(200, answer, signature=None)
        if mode == "forged":
            return self.say(200, answer, signature="00" * 32)
        if mode == "changed":
            body = json.dumps(answer).encode()
            return self.say_bytes(200, body.replace(b'"complete": true', b'"complete":  true'), signed=body)
        if mode == "replayed":
            if not first_answer:
                return self.say(200, answer)
            return self.raw(*first_answer[0])
        if mode == "long-ago":
            return self.say(200, answer, at=int(now()) - WINDOW - 60)
        if mode.startswith("status:"):
            return self.say(int(mode.split(":")[1]), {"problem": "told to"})
        raise ValueError(mode)

    def say(self, status, answer, signature="right", at=None):
        self.say_bytes(status, json.dumps(answer).encode(), signature, at)

    def say_bytes(self, status, body, signature="right", at=None, signed=None):
        at = str(int(now()) if at is None else at)
        if signature == "right":
            nonce = self.headers.get("x-nonce") or ""
            signature = sign("ANSWER", str(status), at, nonce, body=body if signed is None else signed)
        headers = {"x-timestamp": at, "x-signature": signature, "content-type": "application/json"}
        if status == 200 and not first_answer:
            first_answer.append((status, headers, body))
        self.raw(status, headers, body)

    def raw(self, status, headers, body):
        try:
            self.send_response(status)
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_):
        pass


class Platform(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


server = Platform(("127.0.0.1", int(sys.argv[3])), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
for line in sys.stdin:
    command = json.loads(line)
    with lock:
        if "mode" in command:
            modes = command["mode"]
            state["mode"] = modes if isinstance(modes, list) else [modes]
        for name in ("records", "clock"):
            if name in command:
                state[name] = command[name]
        print(json.dumps(seen), flush=True)
