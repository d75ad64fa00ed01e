"""An express company that speaks the protocol of ../README.md: a process of its own, with its own idea of signatures.

The carrier's side is /v1/...; /control/... is the test's hand, which signs nothing: it makes things happen and has
callbacks sent. Prints the port it listens on.
"""
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARTNER, KEY = sys.argv[1], sys.argv[2].encode()
LOCK = threading.Lock()
ORDERS, NONCES, SEEN = {}, set(), []
MODE = {"drop": 0, "forge": 0, "other": 0, "busy": 0}


def sign(kind, about, timestamp, nonce, body):
    text = "\n".join([kind, about, timestamp, nonce, PARTNER, hashlib.sha256(body).hexdigest()])
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def refusal(handler, body):
    """Why a request is none of our partner's; None when it is."""
    got = {name: handler.headers.get("x-zt-" + name, "") for name in ("timestamp", "nonce", "signature", "partner")}
    expected = sign("request", f"{handler.command} {handler.path}", got["timestamp"], got["nonce"], body)
    if got["partner"] != PARTNER or not hmac.compare_digest(expected, got["signature"]):
        return "bad-signature"
    if abs(time.time() - int(got["timestamp"])) > 300:
        return "stale"
    with LOCK:
        if got["nonce"] in NONCES:
            return "replayed"
        NONCES.add(got["nonce"])
    return None


def create(order):
    for party in ("sender", "recipient"):
        if set(order[party]) - {"postcode"} != {"name", "phone", "region", "detail"}:
            return 400, {"code": "invalid-party"}
    if "无法送达" in order["recipient"]["detail"]:
        return 422, {"code": "unserviceable-address"}
    if not order["cargo"] or "违禁" in order["cargo"]:
        return 422, {"code": "not-carried"}
    known = ORDERS.setdefault(order["order_id"], {
        "waybill_no": f"SF{1000 + len(ORDERS)}", "events": [], "cancelled": False, "order": order, "times": 0})
    known["times"] += 1
    return 200, {"waybill_no": known["waybill_no"]}


def answer(handler, body):
    parts = handler.path.split("/")
    if handler.command == "POST" and handler.path == "/v1/orders":
        return create(json.loads(body))
    known = ORDERS.get(parts[3]) if len(parts) == 5 and parts[1:3] == ["v1", "orders"] else None
    if known is None:
        return 404, {"code": "unknown-order"}
    if handler.command == "POST" and parts[4] == "cancel":
        if known["events"]:
            return 409, {"code": "collected"}
        known["cancelled"] = True
        return 200, {"result": "cancelled"}
    if handler.command == "GET" and parts[4] == "events":
        return 200, {"order_id": parts[3], "waybill_no": known["waybill_no"], "events": known["events"]}
    return 404, {"code": "unknown-path"}


def callback(what):
    """Sends one callback as it is told, and returns what it was answered."""
    known = ORDERS[what["order_id"]]
    news = {"order_id": what["order_id"], "waybill_no": what.get("waybill_no", known["waybill_no"]),
            "events": what.get("events", known["events"])}
    body = what.get("raw", json.dumps(news)).encode()
    timestamp = str(int(time.time()) + what.get("skew", 0))
    nonce = what.get("nonce", secrets.token_hex(16))
    signature = sign(what.get("kind", "callback"), "", timestamp, nonce, body)
    if what.get("forged"):
        signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    if what.get("changed"):
        body = body.replace(b"IN_TRANSIT", b"SIGNED")
    headers = {"x-zt-timestamp": timestamp, "x-zt-nonce": nonce, "x-zt-partner": PARTNER, "x-zt-signature": signature,
               "content-type": "application/json"}
    if what.get("unsigned"):
        del headers["x-zt-signature"]
    request = urllib.request.Request(what["url"], data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return {"status": response.status, "body": response.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


def control(handler, body):
    what = json.loads(body) if body else {}
    verb = handler.path.removeprefix("/control/")
    if verb == "happens":
        ORDERS[what["order_id"]]["events"].append(what["event"])
        return {}
    if verb == "callback":
        return callback(what)
    if verb == "mode":
        MODE.update(what)
        return {}
    if verb == "seen":
        return {"orders": {name: {"times": one["times"], "cancelled": one["cancelled"], "order": one["order"]}
                           for name, one in ORDERS.items()}, "refused": SEEN}
    raise KeyError(verb)


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

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/control/"):
            return self.reply(200, control(self, body))
        why = refusal(self, body)
        if why:
            SEEN.append(why)
            status, value = 401, {"code": why}
        else:
            with LOCK:
                status, value = answer(self, body)
        if MODE["busy"] and not why:
            MODE["busy"] -= 1
            status, value = 503, {"code": "busy"}
        if MODE["drop"]:
            # It is done, and the answer gets lost.
            MODE["drop"] -= 1
            self.close_connection = True
            return self.connection.close()
        text, now, nonce = json.dumps(value).encode(), str(int(time.time())), self.headers.get("x-zt-nonce", "")
        if MODE["other"]:
            MODE["other"] -= 1
            nonce = secrets.token_hex(16)
        signature = sign("answer", str(status), now, nonce, text)
        if MODE["forge"]:
            MODE["forge"] -= 1
            signature = "0" * 64
        self.reply(status, value, [("x-zt-timestamp", now), ("x-zt-nonce", nonce), ("x-zt-signature", signature)])

    do_GET = do_POST = handle_one


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
