"""A gateway of Alipay's kind to its public protocol (RSA2), for tests. It shares nothing with the connector: requests are
verified and answers signed with Python's `cryptography`. Its state is a SQLite file, so it may be killed.

    python gateway.py <port> <folder>

The folder has settings.json (app_id, seller_id, notify_url) and gets app.pem (the application's private key) and
alipay.pub (the gateway's public key, bare base64). The first line on standard output is the address.
"""
import base64, datetime, io, json, os, re, secrets, sqlite3, sys, threading, time, urllib.parse, urllib.request, zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alipay.aop.api.util import SignatureUtils as other
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
SETTINGS = json.load(open(os.path.join(FOLDER, "settings.json")))
CHINA = datetime.timezone(datetime.timedelta(hours=8))
LOCK = threading.RLock()
FAULTS = []  # what is wrong with the next answers
JUDGED = {"checked": 0, "equal": 0}


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


APP, OWN = key("app.pem"), key("own.pem")
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
der = OWN.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
open(path("alipay.pub"), "wb").write(base64.b64encode(der))
# As the SDK wants it.
APP_PKCS1 = base64.b64encode(APP.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())).decode()
open(path("app.pkcs1"), "w").write(APP_PKCS1)


def execute(sql, *values):
    with LOCK:
        db = sqlite3.connect(path("gateway.db"), isolation_level=None, timeout=30)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return db.execute(sql, values).fetchall()
        finally:
            db.close()


for table in [
    # A code that was made, and the trade that begins when somebody scans it.
    "codes (no TEXT PRIMARY KEY, amount TEXT, subject TEXT, expire TEXT, dead INT)",
    "trades (no TEXT PRIMARY KEY, trade_no TEXT, amount TEXT, subject TEXT, status TEXT, paid_at TEXT)",
    "refunds (no TEXT, order_no TEXT, amount TEXT, at TEXT, PRIMARY KEY (order_no, no))",
    "notifications (id INTEGER PRIMARY KEY, fields TEXT, taken INT)",
]:
    execute("CREATE TABLE IF NOT EXISTS " + table)


def sign(private, text):
    return base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def now():
    return datetime.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def fen(yuan):
    whole, _, rest = yuan.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def yuan(amount):
    return f"{amount // 100}.{amount % 100:02}"


def notification(no, **more):
    [(trade_no, amount, subject, status, paid_at)] = execute("SELECT trade_no, amount, subject, status, paid_at FROM trades WHERE no = ?", no)
    fields = {
        "gmt_create": paid_at, "charset": "utf-8", "seller_email": "fees@example.cn", "subject": subject, "buyer_id": "2088102122524333",
        "invoice_amount": amount, "notify_id": secrets.token_hex(17), "notify_type": "trade_status_sync", "trade_status": status,
        "receipt_amount": amount, "buyer_pay_amount": amount, "app_id": SETTINGS["app_id"], "seller_id": SETTINGS["seller_id"],
        "gmt_payment": paid_at, "notify_time": now(), "version": "1.0", "out_trade_no": no, "total_amount": amount, "trade_no": trade_no,
        "auth_app_id": SETTINGS["app_id"], "buyer_logon_id": "159****5620", "point_amount": "0.00", "body": "",
        "fund_bill_list": json.dumps([{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]),
    }
    return {**fields, **more}


def signed_notification(fields, private=None, sdk=False):
    """Sorted, without sign and sign_type, without what is empty."""
    fields = {name: value for name, value in fields.items() if value != ""}
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
    signature = sign(private or OWN, text)
    if sdk:
        own = OWN.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        signature = other.sign_with_rsa2(base64.b64encode(own).decode(), other.get_sign_content(fields), "utf-8")
    return {**fields, "sign": signature, "sign_type": "RSA2"}


def made_callback(no, wrong):
    fields = notification(no)
    changed = {
        "amount": {"total_amount": yuan(fen(fields["total_amount"]) + 1)}, "odd-amount": {"total_amount": "1.005"},
        "app": {"app_id": "2021000000000001"}, "seller": {"seller_id": "2088000000000001"},
        "old": {"notify_time": "2020-01-01 00:00:00"}, "no-time": {"notify_time": ""}, "waiting": {"trade_status": "WAIT_BUYER_PAY"},
        "closed": {"trade_status": "TRADE_CLOSED"}, "refund": {"gmt_refund": now(), "refund_fee": "1.00", "out_biz_no": "R1"},
        "no-payment-time": {"gmt_payment": ""},
    }
    fields = signed_notification({**fields, **changed.get(wrong, {})}, STRANGER if wrong == "signature" else None, wrong == "sdk")
    if wrong == "field":
        fields["total_amount"] = yuan(fen(fields["total_amount"]) + 1)
    if wrong == "added":
        fields["extra"] = "1"
    if wrong == "type":
        fields["sign_type"] = "RSA"
    if wrong == "unsigned":
        del fields["sign"]
    body = urllib.parse.urlencode(fields)
    if wrong == "twice":
        body += "&out_trade_no=01ARZ3NDEKTSV4RRFFQ69G5FAV"
    if wrong == "html":
        body = "<html><body>502</body></html>"
    if wrong == "truncated":
        body = body[:-30]
    return body


def tell(fields):
    execute("INSERT INTO notifications (fields, taken) VALUES (?, 0)", json.dumps(fields))


def deliver():
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    while True:
        for id_, fields in execute("SELECT id, fields FROM notifications WHERE taken = 0 ORDER BY id"):
            if "hold" in FAULTS:
                break
            body = urllib.parse.urlencode(signed_notification({**json.loads(fields), "notify_time": now()})).encode()
            try:
                with urllib.request.urlopen(urllib.request.Request(SETTINGS["notify_url"], body, headers), timeout=10) as answer:
                    if answer.read() == b"success":
                        execute("UPDATE notifications SET taken = 1 WHERE id = ?", id_)
            except OSError:
                break
        time.sleep(0.05)


class Refused(Exception):
    """A refusal of the business: code 40004 and why."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.startswith("/downloadBillFile.resource?"):
            return self.reply(200, open(path("bill.zip"), "rb").read(), "application/zip")
        self.reply(404, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/test/"):
            return self.reply(200, json.dumps(test(url.path[6:], json.loads(body or "{}"))).encode())
        wrong = FAULTS.pop(0) if FAULTS and FAULTS[0] != "hold" else None
        fields = dict(urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body))
        problem = None if url.path == "/gateway.do" else "isv.invalid-method"
        problem = problem or checked(fields, urllib.parse.parse_qsl(url.query), self.headers.get("Content-Type"))
        if problem:
            # Such an answer is not signed: the gateway does not know for whom.
            text = json.dumps({"error_response": {"code": "40002", "msg": "Invalid Arguments", "sub_code": problem}})
            return self.reply(200, text.encode())
        try:
            answer = {"code": "10000", "msg": "Success", **METHODS[fields["method"]](json.loads(fields["biz_content"]))}
        except Refused as refused:
            answer = {"code": "40004", "msg": "Business Failed", "sub_code": refused.args[0], "sub_msg": "不能办理"}
        self.wrongly(fields["method"].replace(".", "_") + "_response", answer, wrong)

    def wrongly(self, name, answer, wrong):
        if wrong == "other-order":
            answer["out_trade_no"] = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        if wrong == "system":
            answer = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error", "sub_msg": "系统繁忙"}
        # As the gateway writes it: without spaces, slashes escaped or not, the signature before or behind.
        text = json.dumps(answer, ensure_ascii=wrong == "ascii", separators=(",", ":"))
        if wrong == "slashes":
            text = text.replace("/", "\\/")
        if wrong == "spaces":
            text = json.dumps(answer, ensure_ascii=False, indent=1)
        signature = sign(STRANGER if wrong == "signature" else OWN, text)
        if wrong == "byte":
            text = text.replace("1", "2", 1)
        whole = f'{{"{name}":{text},"sign":"{signature}"}}'
        if wrong == "sign-first":
            whole = f'{{"sign":"{signature}","{name}":{text}}}'
        if wrong == "twice":
            evil = re.sub(r'"trade_status":"[A-Z_]*"', '"trade_status":"TRADE_SUCCESS"', text)
            whole = f'{{"{name}":{text},"{name}":{evil},"sign":"{signature}"}}'
        if wrong == "unsigned":
            whole = f'{{"{name}":{text}}}'
        if wrong == "truncated":
            whole = whole[: len(whole) // 2]
        if wrong == "html":
            return self.reply(200, "<html><body>系统维护</body></html>".encode(), "text/html")
        if wrong == "down":
            return self.reply(502, b"<html></html>", "text/html")
        self.reply(200, whole.encode(), "text/html;charset=utf-8")

    def reply(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def checked(fields, query, content_type):
    """The public parameters, and the signature over everything that was sent."""
    wanted = {"app_id": SETTINGS["app_id"], "charset": "utf-8", "format": "JSON", "sign_type": "RSA2", "version": "1.0"}
    if any(fields.get(name, "").lower() != value.lower() for name, value in wanted.items()):
        return "isv.invalid-app-id"
    if dict(query).get("charset") != "utf-8" or "application/x-www-form-urlencoded" not in (content_type or ""):
        return "isv.invalid-charset"
    at = datetime.datetime.strptime(fields["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()
    if abs(at - time.time()) > 900:
        return "isv.invalid-timestamp"
    signature = fields.pop("sign", "")
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value != "")
    try:
        APP.public_key().verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return "isv.invalid-signature"
    JUDGED["checked"] += 1
    # The SDK would have sent the same signature: it is deterministic.
    JUDGED["equal"] += other.sign_with_rsa2(APP_PKCS1, other.get_sign_content(fields), "utf-8") == signature
    return None if fields.get("method") in METHODS else "isv.invalid-method"


def trade(no):
    rows = execute("SELECT trade_no, amount, status, paid_at FROM trades WHERE no = ?", no)
    if not rows:
        raise Refused("ACQ.TRADE_NOT_EXIST")
    return rows[0]


def precreate(content):
    no, amount = content["out_trade_no"], content["total_amount"]
    good = (
        re.fullmatch(r"\w{1,64}", no) and re.fullmatch(r"\d{1,9}\.\d\d", amount) and fen(amount) > 0 and 0 < len(content["subject"]) <= 256
        and content.get("seller_id", SETTINGS["seller_id"]) == SETTINGS["seller_id"] and content["time_expire"] > now()
    )
    if not good:
        raise Refused("ACQ.INVALID_PARAMETER")
    with LOCK:
        execute("INSERT OR IGNORE INTO codes VALUES (?, ?, ?, ?, 0)", no, amount, content["subject"], content["time_expire"])
        [(known, dead)] = execute("SELECT amount, dead FROM codes WHERE no = ?", no)
        begun = execute("SELECT status FROM trades WHERE no = ?", no)
    if known != amount:
        raise Refused("ACQ.CONTEXT_INCONSISTENT")
    if begun and begun[0][0] != "WAIT_BUYER_PAY":
        raise Refused("ACQ.TRADE_HAS_SUCCESS" if begun[0][0] == "TRADE_SUCCESS" else "ACQ.TRADE_HAS_CLOSE")
    if dead:
        raise Refused("ACQ.TRADE_HAS_CLOSE")
    return {"out_trade_no": no, "qr_code": f"https://qr.alipay.com/bax0{no.lower()}"}


def query(content):
    no = content["out_trade_no"]
    trade_no, amount, status, paid_at = trade(no)
    answer = {
        "buyer_logon_id": "159****5620", "buyer_pay_amount": amount if paid_at else "0.00", "buyer_user_id": "2088102122524333",
        "out_trade_no": no, "total_amount": amount, "trade_no": trade_no, "trade_status": status, "store_name": "清城区/政务大厅",
    }
    return answer | ({"send_pay_date": paid_at} if paid_at else {})


def close(content):
    with LOCK:
        trade_no, _, status, _ = trade(content["out_trade_no"])
        if status != "WAIT_BUYER_PAY":
            raise Refused("ACQ.TRADE_STATUS_ERROR")
        execute("UPDATE trades SET status = 'TRADE_CLOSED' WHERE no = ?", content["out_trade_no"])
    return {"out_trade_no": content["out_trade_no"], "trade_no": trade_no}


def cancel(content):
    no = content["out_trade_no"]
    with LOCK:
        execute("UPDATE codes SET dead = 1 WHERE no = ?", no)
        rows = execute("SELECT trade_no, status FROM trades WHERE no = ?", no)
        answer = {"out_trade_no": no, "retry_flag": "N"}
        if not rows:
            return answer
        execute("UPDATE trades SET status = 'TRADE_CLOSED' WHERE no = ?", no)
        return answer | {"trade_no": rows[0][0], "action": "refund" if rows[0][1] == "TRADE_SUCCESS" else "close"}


def give_back(content):
    no, order, amount = content["out_request_no"], content["out_trade_no"], content["refund_amount"]
    with LOCK:
        trade_no, total, status, paid_at = trade(order)
        known = execute("SELECT amount FROM refunds WHERE order_no = ? AND no = ?", order, no)
        if known and known[0][0] != amount:
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST")
        back = sum(fen(one) for (one,) in execute("SELECT amount FROM refunds WHERE order_no = ?", order))
        if not known:
            if not paid_at:
                raise Refused("ACQ.TRADE_STATUS_ERROR")
            if back + fen(amount) > fen(total):
                raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", no, order, amount, now())
            back += fen(amount)
            if back == fen(total):
                execute("UPDATE trades SET status = 'TRADE_CLOSED' WHERE no = ?", order)
            tell(notification(order, gmt_refund=now(), refund_fee=yuan(back), out_biz_no=no))
    return {"trade_no": trade_no, "out_trade_no": order, "refund_fee": yuan(back), "fund_change": "N" if known else "Y", "buyer_logon_id": "159****5620"}


def query_refund(content):
    order, no = content["out_trade_no"], content["out_request_no"]
    trade_no, total, _, _ = trade(order)
    rows = execute("SELECT amount, at FROM refunds WHERE order_no = ? AND no = ?", order, no)
    if not rows:
        return {}
    [(amount, at)] = rows
    answer = {"trade_no": trade_no, "out_trade_no": order, "out_request_no": no, "total_amount": total, "refund_amount": amount, "refund_status": "REFUND_SUCCESS"}
    return answer | ({"gmt_refund_pay": at} if "gmt_refund_pay" in content.get("query_options", []) else {})


HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,"
    "集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def bill(content):
    day = content["bill_date"]
    if content["bill_type"] != "trade":
        raise Refused("isv.invalid-parameter")
    lines = []
    row = lambda trade_no, no, kind, subject, at, amount, refund: ",".join(
        [trade_no + "\t", no + "\t", kind, f'"{subject}"', at, at, "", "", "", "", "*测(159****5620)", amount, amount] + ["0.00"] * 5 + [""] + ["0.00"] * 2 + [refund, "0.00", "0.00", ""]
    )
    for no, trade_no, amount, subject, paid_at in execute("SELECT no, trade_no, amount, subject, paid_at FROM trades WHERE paid_at LIKE ?", day + "%"):
        lines.append(row(trade_no, no, "交易", subject, paid_at, amount, ""))
    for no, order, amount, at in execute("SELECT no, order_no, amount, at FROM refunds WHERE at LIKE ?", day + "%"):
        [(trade_no, subject)] = execute("SELECT trade_no, subject FROM trades WHERE no = ?", order)
        lines.append(row(trade_no, order, "退款", subject, at, "-" + amount, no))
    if not lines:
        raise Refused("isp.bill_not_exist")
    top = ["#支付宝业务明细查询", f"#账号：[{SETTINGS['seller_id']}0156]", "#-----------------------------------------业务明细列表----------------------------------------"]
    rows = "\r\n".join(top + [HEADER] + lines + ["#-----------------------------------------业务明细列表结束------------------------------------", f"#交易合计：{len(lines)}笔"])
    sums = "#支付宝业务汇总查询\r\n门店编号,门店名称,交易订单总笔数,退款订单总笔数\r\n,,1,0\r\n"
    with zipfile.ZipFile(path("bill.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("2088_业务明细(汇总).csv", sums.encode("gbk"))
        packed.writestr("2088_业务明细.csv", (rows + "\r\n").encode("gbk"))
    if "broken-bill" in FAULTS:
        FAULTS.remove("broken-bill")
        whole = open(path("bill.zip"), "rb").read()
        open(path("bill.zip"), "wb").write(whole[: len(whole) // 2])
    return {"bill_download_url": f"http://127.0.0.1:{SERVER.server_port}/downloadBillFile.resource?bizType=trade&userId=2088&fileType=csv.zip&token=a%2Bb%2F1"}


METHODS = {
    "alipay.trade.precreate": precreate, "alipay.trade.query": query, "alipay.trade.close": close, "alipay.trade.cancel": cancel,
    "alipay.trade.refund": give_back, "alipay.trade.fastpay.refund.query": query_refund,
    "alipay.data.dataservice.bill.downloadurl.query": bill,
}


def test(what, body):
    """The test's hand; not part of the protocol."""
    if what in ("scan", "pay"):
        with LOCK:
            rows = execute("SELECT amount, subject FROM codes WHERE no = ? AND dead = 0 AND expire > ?", body["order"], now())
            if not rows:
                return {"paid": False}
            trade_no = now()[:10].replace("-", "") + "22001" + str(secrets.randbelow(10**15)).zfill(15)
            execute("INSERT OR IGNORE INTO trades VALUES (?, ?, ?, ?, 'WAIT_BUYER_PAY', NULL)", body["order"], trade_no, *rows[0])
            if what == "scan":
                return {}
            paid = execute("UPDATE trades SET status = 'TRADE_SUCCESS', paid_at = ? WHERE no = ? AND status = 'WAIT_BUYER_PAY' RETURNING no", now(), body["order"])
            if paid:
                tell(notification(body["order"]))
            return {"paid": bool(paid)}
    if what == "faults":
        FAULTS[:] = body["faults"]
    if what == "callback":
        return {"body": made_callback(body["order"], body.get("wrong"))}
    if what == "judged":
        return JUDGED
    return {}


SERVER = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
threading.Thread(target=deliver, daemon=True).start()
print(f"http://127.0.0.1:{SERVER.server_port}", flush=True)
SERVER.serve_forever()
