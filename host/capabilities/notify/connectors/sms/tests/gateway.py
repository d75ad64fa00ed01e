"""A gateway for short messages that speaks the protocol of ../README.md: a process with its own idea of signatures.

/v1/... is the gateway; /control/... is the test's hand, which signs nothing. Prints the port it listens on.
"""
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT, KEY = sys.argv[1], sys.argv[2].encode()
LOCK = threading.Lock()
MESSAGES, NONCES, REFUSED = {}, set(), []
MODE = {"drop": 0, "forge": 0, "status": None, "code": "busy"}


def sign(kind, about, timestamp, nonce, body):
    text = "\n".join([kind, about, timestamp, nonce, ACCOUNT, hashlib.sha256(body).hexdigest()])
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def refusal(handler, body):
    got = {name: handler.headers.get("x-zt-" + name, "") for name in ("timestamp", "nonce", "signature", "account")}
    expected = sign("request", f"{handler.command} {handler.path}", got["timestamp"], got["nonce"], body)
    if got["account"] != ACCOUNT or not hmac.compare_digest(expected, got["signature"]):
        return "bad-signature"
    if abs(time.time() - int(got["timestamp"])) > 300:
        return "stale"
    with LOCK:
        if got["nonce"] in NONCES:
            return "replayed"
        NONCES.add(got["nonce"])
    return None


def take(message):
    if set(message) != {"id", "to", "sign", "text"} or message["sign"] != "清城政务":
        return 422, {"code": "content"}
    if message["to"].endswith("0000"):
        return 422, {"code": "no-such-number"}
    if message["to"].endswith("1111"):
        return 422, {"code": "opted-out"}
    known = MESSAGES.setdefault(message["id"], {**message, "message_id": f"M-{len(MESSAGES)}", "times": 0})
    known["times"] += 1
    return 200, {"message_id": known["message_id"]}


def callback(what):
    body = (what["raw"] if "raw" in what else json.dumps({"receipts": what["receipts"]})).encode()
    timestamp, nonce = str(int(time.time()) + what.get("skew", 0)), secrets.token_hex(16)
    signature = sign(what.get("kind", "callback"), "", timestamp, nonce, body)
    if what.get("forged"):
        signature = "0" * 64
    if what.get("changed"):
        body = body.replace(b"FAILED", b"DELIVERED")
    headers = {"x-zt-timestamp": timestamp, "x-zt-nonce": nonce, "x-zt-account": ACCOUNT, "x-zt-signature": signature,
               "content-type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(what["url"], data=body, headers=headers), timeout=30) as got:
            return {"status": got.status, "body": got.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in [*headers, ("content-type", "application/json"), ("content-length", str(len(body)))]:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/control/mode":
            MODE.update(json.loads(body))
            return self.reply(200, {})
        if self.path == "/control/seen":
            return self.reply(200, {"messages": MESSAGES, "refused": REFUSED})
        if self.path == "/control/callback":
            return self.reply(200, callback(json.loads(body)))
        why = refusal(self, body)
        if why:
            REFUSED.append(why)
            status, value = 401, {"code": why}
        elif MODE["status"]:
            status, value = MODE["status"], {"code": MODE["code"]}
        else:
            with LOCK:
                status, value = take(json.loads(body))
        if MODE["drop"]:
            # It is taken, and the answer gets lost.
            MODE["drop"] -= 1
            self.close_connection = True
            return self.connection.close()
        text, now, nonce = json.dumps(value).encode(), str(int(time.time())), self.headers.get("x-zt-nonce", "")
        signature = sign("answer", str(status), now, nonce, text)
        if MODE["forge"]:
            MODE["forge"] -= 1
            signature = "0" * 64
        self.reply(status, value, [("x-zt-timestamp", now), ("x-zt-nonce", nonce), ("x-zt-signature", signature)])


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
