"""A WeChat Pay gateway to the public APIv3 protocol (Native payment), for tests. It shares nothing with the connector:
requests are verified and answers signed with Python's `cryptography`. Its state is a SQLite file, so it may be killed.

    python gateway.py <port> <folder>

The folder has settings.json (mchid, appid, serial, api_key, notify_url) and gets merchant.pem (the merchant's private
key) and, for the public key mode, platform.pem. The first line on standard output is the address.
"""
import base64, csv, datetime, hashlib, io, json, os, re, secrets, sqlite3, sys, threading, time, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from wechatpayv3 import utils as other

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
SETTINGS = json.load(open(os.path.join(FOLDER, "settings.json")))
CHINA = datetime.timezone(datetime.timedelta(hours=8))
LOCK = threading.RLock()
FAULTS = []  # what is wrong with the next answers
JUDGED = {"checked": 0, "equal": 0}
KEY_ID = "PUB_KEY_ID_0119000000012024"


def path(name):
    return os.path.join(FOLDER, name)


def key(name):
    """A private key that stays."""
    try:
        return serialization.load_pem_private_key(open(path(name), "rb").read(), None)
    except FileNotFoundError:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        open(path(name), "wb").write(pem)
        return made


def database():
    db = sqlite3.connect(path("gateway.db"), isolation_level=None, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    return db


def execute(sql, *values):
    with LOCK:
        db = database()
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()


for table in [
    "orders (no TEXT PRIMARY KEY, total INT, description TEXT, expire TEXT, state TEXT, transaction_id TEXT, paid_at TEXT)",
    "refunds (no TEXT PRIMARY KEY, order_no TEXT, amount INT, total INT, refund_id TEXT, at TEXT)",
    "callbacks (id INTEGER PRIMARY KEY, event TEXT, resource TEXT, taken INT)",
    "certificates (serial TEXT PRIMARY KEY, key TEXT, pem TEXT, active INT)",
]:
    execute("CREATE TABLE IF NOT EXISTS " + table)

MERCHANT = key("merchant.pem")
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_MODE = key("public-mode.pem")
open(path("platform.pem"), "wb").write(
    PUBLIC_MODE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)


def new_certificate(days=(-1, 365)):
    """A new platform certificate, which signs from now on."""
    name = f"platform-{secrets.token_hex(4)}.pem"
    made = key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    serial = x509.random_serial_number()
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(made.public_key())
        .serial_number(serial).not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1])).sign(made, hashes.SHA256())
    )
    execute("UPDATE certificates SET active = 0")
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    execute("INSERT INTO certificates VALUES (?, ?, ?, 1)", f"{serial:X}", name, pem)


if not execute("SELECT serial FROM certificates"):
    new_certificate()


def signer():
    if SETTINGS.get("public_mode"):
        return KEY_ID, PUBLIC_MODE
    [(serial, name)] = execute("SELECT serial, key FROM certificates WHERE active = 1")
    return serial, key(name)


def sign(private, text):
    return base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def sealed(text, associated):
    nonce = secrets.token_hex(6)
    made = AESGCM(SETTINGS["api_key"].encode()).encrypt(nonce.encode(), text.encode(), associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated,
        "ciphertext": base64.b64encode(made).decode(),
    }


def now():
    return datetime.datetime.now(CHINA).replace(microsecond=0)


def proof(body, private=None, serial=None, at=None, sign=sign):
    """The four headers."""
    known, own = signer()
    at, nonce = str(at or int(time.time())), secrets.token_hex(16)
    signature = sign(private or own, f"{at}\n{nonce}\n{body}\n")
    return {
        "Wechatpay-Serial": serial or known, "Wechatpay-Timestamp": at, "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature, "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def transaction(no):
    [(total, state, transaction_id, paid_at)] = execute("SELECT total, state, transaction_id, paid_at FROM orders WHERE no = ?", no)
    answer = {
        "appid": SETTINGS["appid"], "mchid": SETTINGS["mchid"], "out_trade_no": no, "trade_state": state,
        "trade_state_desc": "", "attach": "", "amount": {"total": total, "currency": "CNY"},
    }
    if transaction_id:
        answer |= {"transaction_id": transaction_id, "trade_type": "NATIVE", "bank_type": "OTHERS", "success_time": paid_at}
        answer["payer"] = {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
        answer["amount"] |= {"payer_total": total, "payer_currency": "CNY"}
    return answer


def refund(no):
    [(order, amount, total, refund_id, at)] = execute("SELECT order_no, amount, total, refund_id, at FROM refunds WHERE no = ?", no)
    [(transaction_id,)] = execute("SELECT transaction_id FROM orders WHERE no = ?", order)
    return {
        "refund_id": refund_id, "out_refund_no": no, "transaction_id": transaction_id, "out_trade_no": order,
        "channel": "ORIGINAL", "user_received_account": "支付用户零钱", "success_time": at, "create_time": at,
        "status": "SUCCESS", "amount": {"total": total, "refund": amount, "payer_total": total, "payer_refund": amount, "currency": "CNY"},
    }


def refund_told(no):
    told = refund(no)
    return {
        "mchid": SETTINGS["mchid"], "out_trade_no": told["out_trade_no"], "transaction_id": told["transaction_id"],
        "out_refund_no": no, "refund_id": told["refund_id"], "refund_status": "SUCCESS", "success_time": told["success_time"],
        "user_received_account": "支付用户零钱",
        "amount": {name: told["amount"][name] for name in ["total", "refund", "payer_total", "payer_refund"]},
    }


def message(event, resource, associated=None, wrong=None):
    associated = associated or ("refund" if event.startswith("REFUND") else "transaction")
    box = sealed(json.dumps(resource, ensure_ascii=False), associated)
    if wrong == "tag":
        bytes_ = bytearray(base64.b64decode(box["ciphertext"]))
        bytes_[-1] ^= 1
        box["ciphertext"] = base64.b64encode(bytes_).decode()
    if wrong == "associated":
        box["associated_data"] = "certificate"
    return json.dumps({
        "id": secrets.token_hex(16), "create_time": now().isoformat(), "resource_type": "encrypt-resource",
        "event_type": event, "summary": "支付成功", "resource": {"original_type": associated, **box},
    }, ensure_ascii=False)


def made_callback(no, wrong):
    """A callback of a paid order, as it would be sent, with something wrong."""
    resource = transaction(no)
    if wrong == "amount":
        resource["amount"]["total"] += 1
    if wrong == "currency":
        resource["amount"]["currency"] = "USD"
    if wrong == "merchant":
        resource["mchid"] = "1900000002"
    if wrong == "app":
        resource["appid"] = "wx0000000000000000"
    if wrong == "float":
        resource["amount"]["total"] = 1.5
    body = message("TRANSACTION.SUCCESS", resource, wrong=wrong)
    if wrong == "truncated":
        body = body[:-20]
    if wrong == "html":
        body = "<html><body>502 Bad Gateway</body></html>"
    headers = proof(
        body, private=STRANGER if wrong == "signature" else None, serial="0123456789ABCDEF" if wrong == "serial" else None,
        at=int(time.time()) + {"old": -305, "future": 305}.get(wrong, 0), sign=other.rsa_sign if wrong == "sdk" else sign,
    )
    if wrong == "byte":
        body = body.replace("encrypt-resource", "encrypt-resourcf")
    if wrong == "probe":
        headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
    return headers, body


def tell(event, resource):
    execute("INSERT INTO callbacks (event, resource, taken) VALUES (?, ?, 0)", event, json.dumps(resource))


def deliver():
    while True:
        for id_, event, resource in execute("SELECT id, event, resource FROM callbacks WHERE taken = 0 ORDER BY id"):
            if "hold" in FAULTS:
                break
            body = message(event, json.loads(resource)).encode()
            headers = {"Content-Type": "application/json", **proof(body.decode())}
            try:
                with urllib.request.urlopen(urllib.request.Request(SETTINGS["notify_url"], body, headers), timeout=10):
                    execute("UPDATE callbacks SET taken = 1 WHERE id = ?", id_)
            except OSError:
                break
        time.sleep(0.05)


class Refused(Exception):
    def __init__(self, status, code):
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/test/"):
            return self.reply(200, json.dumps(test(self.path[6:], json.loads(body or "{}"))))
        try:
            self.check(body)
        except Refused as refused:
            return self.reply(refused.status, json.dumps({"code": refused.code, "message": "签名错误"}))
        wrong = FAULTS.pop(0) if FAULTS and FAULTS[0] != "hold" else None
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/v3/billdownload/file":
            bill = open(path("bill.csv"), "rb").read()
            return self.reply(200, bill.replace(b"SUCCESS", b"SUCCESs", 1) if wrong == "byte" else bill)
        try:
            status, answer = answered(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), json.loads(body or "{}"))
        except Refused as refused:
            status, answer = refused.status, {"code": refused.code, "message": "x"}
        self.wrongly(status, "" if answer is None else json.dumps(answer, ensure_ascii=False), wrong)

    def wrongly(self, status, text, wrong):
        if wrong == "other-order":
            text = re.sub(r'"out_trade_no": "[^"]*"', '"out_trade_no": "01ARZ3NDEKTSV4RRFFQ69G5FAV"', text)
        if wrong == "other-merchant":
            text = re.sub(r'"mchid": "[^"]*"', '"mchid": "1900000002"', text)
        if wrong == "truncated":
            text = text[: len(text) // 2]
        headers = proof(
            text, private=STRANGER if wrong == "signature" else None, serial="0123456789ABCDEF" if wrong == "serial" else None,
            at=int(time.time()) - 305 if wrong == "old" else None,
        )
        if wrong == "byte":
            text = text.replace("1", "2", 1)
        if wrong == "unsigned":
            headers = {}
        if wrong == "html":
            return self.reply(200, "<html><body>系统维护</body></html>", {"Content-Type": "text/html"})
        if wrong == "down":
            return self.reply(502, "<html><body>502</body></html>", {"Content-Type": "text/html"})
        if wrong == "busy":
            text = json.dumps({"code": "FREQUENCY_LIMITED", "message": "x"})
            return self.reply(429, text, proof(text))
        self.reply(status, text, headers)

    def check(self, body):
        """Who asks, by the protocol: https://pay.weixin.qq.com/doc/v3/merchant/4012365336"""
        scheme, _, rest = (self.headers.get("Authorization") or "").partition(" ")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or fields.get("mchid") != SETTINGS["mchid"] or fields.get("serial_no") != SETTINGS["serial"]:
            raise Refused(401, "SIGN_ERROR")
        if abs(int(fields["timestamp"]) - time.time()) > 300 or not re.fullmatch(r"[0-9A-Za-z]{16,32}", fields["nonce_str"]):
            raise Refused(401, "SIGN_ERROR")
        if self.headers.get("Accept") != "application/json" or not self.headers.get("User-Agent"):
            raise Refused(400, "PARAM_ERROR")
        text = f"{self.command}\n{self.path}\n{fields['timestamp']}\n{fields['nonce_str']}\n{body}\n"
        try:
            MERCHANT.public_key().verify(base64.b64decode(fields["signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Refused(401, "SIGN_ERROR") from None
        JUDGED["checked"] += 1
        # The merchant's SDK would have sent the same signature: it is deterministic.
        JUDGED["equal"] += other.rsa_sign(MERCHANT, text) == fields["signature"]

    def reply(self, status, body, headers=None):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)


def answered(method, where, query, body):
    if (method, where) == ("GET", "/v3/certificates"):
        data = [
            {"serial_no": serial, "effective_time": now().isoformat(), "expire_time": now().isoformat(),
             "encrypt_certificate": sealed(pem, "certificate")}
            for serial, pem in execute("SELECT serial, pem FROM certificates")
        ]
        return 200, {"data": data}
    if (method, where) == ("POST", "/v3/pay/transactions/native"):
        return place(body)
    found = re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)(/close)?", where)
    if found and (method, found[2]) == ("GET", None):
        check_order(found[1], query.get("mchid"))
        return 200, transaction(found[1])
    if found and (method, found[2]) == ("POST", "/close"):
        return close(found[1], body)
    if (method, where) == ("POST", "/v3/refund/domestic/refunds"):
        return give_back(body)
    found = re.fullmatch(r"/v3/refund/domestic/refunds/(\w+)", where)
    if found and method == "GET":
        if not execute("SELECT no FROM refunds WHERE no = ?", found[1]):
            raise Refused(404, "RESOURCE_NOT_EXISTS")
        return 200, refund(found[1])
    if (method, where) == ("GET", "/v3/bill/tradebill"):
        return bill(query)
    raise Refused(404, "NOT_FOUND")


def check_order(no, mchid):
    if mchid != SETTINGS["mchid"]:
        raise Refused(400, "PARAM_ERROR")
    if not execute("SELECT no FROM orders WHERE no = ?", no):
        raise Refused(404, "ORDER_NOT_EXIST")


def place(body):
    good = (
        body["appid"] == SETTINGS["appid"] and body["mchid"] == SETTINGS["mchid"] and body["amount"]["currency"] == "CNY"
        and isinstance(body["amount"]["total"], int) and body["amount"]["total"] > 0
        and re.fullmatch(r"[0-9A-Za-z_\-|*]{6,32}", body["out_trade_no"]) and 0 < len(body["description"].encode()) <= 127
        and body["notify_url"] == SETTINGS["notify_url"] and datetime.datetime.fromisoformat(body["time_expire"]) > now()
    )
    if not good:
        raise Refused(400, "PARAM_ERROR")
    no, total = body["out_trade_no"], body["amount"]["total"]
    with LOCK:
        execute("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, 'NOTPAY', NULL, NULL)", no, total, body["description"], body["time_expire"])
        [(known, state)] = execute("SELECT total, state FROM orders WHERE no = ?", no)
    if known != total:
        raise Refused(403, "OUT_TRADE_NO_USED")
    if state in ("SUCCESS", "REFUND"):
        raise Refused(400, "ORDERPAID")
    if state != "NOTPAY":
        raise Refused(400, "ORDER_CLOSED")
    return 200, {"code_url": f"weixin://wxpay/bizpayurl?pr={no}"}


def close(no, body):
    check_order(no, body.get("mchid"))
    with LOCK:
        [(state,)] = execute("SELECT state FROM orders WHERE no = ?", no)
        if state in ("SUCCESS", "REFUND"):
            raise Refused(400, "ORDERPAID")
        execute("UPDATE orders SET state = 'CLOSED' WHERE no = ?", no)
    return 204, None


def give_back(body):
    no, order, amount = body["out_refund_no"], body["out_trade_no"], body["amount"]
    with LOCK:
        rows = execute("SELECT total, state FROM orders WHERE no = ?", order)
        if not rows:
            raise Refused(404, "RESOURCE_NOT_EXISTS")
        [(total, state)] = rows
        if amount["total"] != total or amount["currency"] != "CNY" or not 0 < len(body["reason"].encode()) <= 80:
            raise Refused(400, "PARAM_ERROR")
        known = execute("SELECT amount, order_no FROM refunds WHERE no = ?", no)
        if known and known[0] != (amount["refund"], order):
            raise Refused(400, "PARAM_ERROR")
        if known:
            return 200, refund(no)
        [(back,)] = execute("SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE order_no = ?", order)
        if state not in ("SUCCESS", "REFUND") or back + amount["refund"] > total:
            raise Refused(400, "INVALID_REQUEST")
        refund_id = "5030" + str(secrets.randbelow(10**20))
        execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?)", no, order, amount["refund"], total, refund_id, now().isoformat())
        execute("UPDATE orders SET state = 'REFUND' WHERE no = ?", order)
        tell("REFUND.SUCCESS", refund_told(no))
        return 200, {**refund(no), "status": "PROCESSING"}


HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)


def bill(query):
    day = query["bill_date"]
    if day > now().date().isoformat():
        raise Refused(400, "NO_STATEMENT_EXIST")
    yuan = lambda fen: f"{fen // 100}.{fen % 100:02}"
    at = lambda text: datetime.datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")
    rows = []
    for no, total, about, transaction_id, paid_at in execute("SELECT no, total, description, transaction_id, paid_at FROM orders WHERE paid_at LIKE ?", day + "%"):
        rows.append([at(paid_at), SETTINGS["appid"], SETTINGS["mchid"], "0", "", transaction_id, no, "openid", "NATIVE", "SUCCESS", "OTHERS",
                     "CNY", yuan(total), "0.00", "0", "0", "0.00", "0.00", "", "", about, "", "0.00000", "0.00%", yuan(total), "0.00", ""])
    for no, order, amount, total, refund_id, when in execute("SELECT no, order_no, amount, total, refund_id, at FROM refunds WHERE at LIKE ?", day + "%"):
        [(transaction_id, about)] = execute("SELECT transaction_id, description FROM orders WHERE no = ?", order)
        rows.append([at(when), SETTINGS["appid"], SETTINGS["mchid"], "0", "", transaction_id, order, "openid", "NATIVE", "REFUND", "OTHERS",
                     "CNY", "0.00", "0.00", refund_id, no, yuan(amount), "0.00", "ORIGINAL", "SUCCESS", about, "", "0.00000", "0.00%", "0.00",
                     yuan(amount), ""])
    if not rows:
        raise Refused(400, "NO_STATEMENT_EXIST")
    lines = [HEADER] + ["`" + ",`".join(row) for row in rows] + ["总交易单数,应结订单总金额", f"`{len(rows)},`0.00"]
    text = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
    open(path("bill.csv"), "wb").write(text)
    host = f"http://127.0.0.1:{SERVER.server_port}"
    return 200, {"hash_type": "SHA1", "hash_value": hashlib.sha1(text).hexdigest(), "download_url": f"{host}/v3/billdownload/file?token=a%2Bb%2Fc-{secrets.token_hex(8)}&tartype="}


def test(what, body):
    """The test's hand; not part of the protocol."""
    if what == "pay":
        no = body["order"]
        with LOCK:
            paid = execute(
                "UPDATE orders SET state = 'SUCCESS', transaction_id = ?, paid_at = ? WHERE no = ? AND state = 'NOTPAY' RETURNING no",
                "4200" + str(secrets.randbelow(10**24)), now().isoformat(), no,
            )
            if paid:
                tell("TRANSACTION.SUCCESS", transaction(no))
        return {"paid": bool(paid)}
    if what == "faults":
        FAULTS[:] = body["faults"]
    if what == "callback":
        headers, text = made_callback(body["order"], body.get("wrong"))
        return {"headers": headers, "body": text}
    if what == "rotate":
        if body.get("forget"):
            execute("DELETE FROM certificates")
        new_certificate(body.get("days", (-1, 365)))
    if what == "judged":
        return JUDGED
    return {}


SERVER = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
threading.Thread(target=deliver, daemon=True).start()
print(f"http://127.0.0.1:{SERVER.server_port}", flush=True)
SERVER.serve_forever()
