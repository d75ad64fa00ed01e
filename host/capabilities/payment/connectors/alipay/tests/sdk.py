"""PyPI `alipay-sdk-python`, an implementation that is not ours, on the same gateway and the same notification.

    python sdk.py <gateway> <folder> <order> < notification

Prints what it found: the code that it got for an order of its own, and whether it believes the notification.
"""
import json, os, sys, time, urllib.parse, urllib.request

from alipay.aop.api import DefaultAlipayClient as client
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.util import SignatureUtils

# The SDK writes the machine's time and means China's.
os.environ["TZ"] = "CST-8"
time.tzset()

GATEWAY, FOLDER, ORDER = sys.argv[1:]
SETTINGS = json.load(open(os.path.join(FOLDER, "settings.json")))
read = lambda name: open(os.path.join(FOLDER, name)).read()



def do_post(url, query, headers, params, charset, timeout):
    """The SDK's own one can't speak to another port than 80 and 443."""
    request = urllib.request.Request(f"{url}?{query}", urllib.parse.urlencode(params).encode(), headers)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


client.do_post = do_post
config = AlipayClientConfig()
config.server_url = GATEWAY + "/gateway.do"
config.app_id, config.app_private_key, config.alipay_public_key = SETTINGS["app_id"], read("app.pkcs1"), read("alipay.pub")
config.charset, config.sign_type = "utf-8", "RSA2"
model = AlipayTradePrecreateModel()
model.out_trade_no, model.total_amount, model.subject, model.time_expire = ORDER, "0.01", "test", "2099-01-01 00:00:00"
placed = json.loads(client.DefaultAlipayClient(config).execute(AlipayTradePrecreateRequest(biz_model=model)))

fields = dict(urllib.parse.parse_qsl(sys.stdin.read()))
signature = fields.pop("sign")
fields.pop("sign_type")
believed = SignatureUtils.verify_with_rsa(read("alipay.pub"), SignatureUtils.get_sign_content(fields).encode(), signature)
print(json.dumps({"placed": placed, "believed": believed, "read": fields}))
