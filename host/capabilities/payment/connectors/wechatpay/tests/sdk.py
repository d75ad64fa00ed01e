"""PyPI `wechatpayv3`, an implementation that is not ours, on the same gateway and the same callbacks.

    python sdk.py <gateway> <folder> <order> < {"headers": ..., "body": ...}

Prints what it found: the code that it got for an order of its own, and what it read in the callback.
"""
import json, os, sys

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

GATEWAY, FOLDER, ORDER = sys.argv[1:]
SETTINGS = json.load(open(os.path.join(FOLDER, "settings.json")))

for name in ["get", "post"]:
    def here(url, _send=getattr(requests, name), **more):
        return _send(url.replace("https://api.mch.weixin.qq.com", GATEWAY), **more)
    setattr(requests, name, here)

sdk = WeChatPay(
    wechatpay_type=WeChatPayType.NATIVE, mchid=SETTINGS["mchid"], private_key=open(os.path.join(FOLDER, "merchant.pem")).read(),
    cert_serial_no=SETTINGS["serial"], appid=SETTINGS["appid"], apiv3_key=SETTINGS["api_key"], notify_url=SETTINGS["notify_url"],
)
status, placed = sdk.pay(description="test", out_trade_no=ORDER, amount={"total": 1, "currency": "CNY"}, time_expire="2099-01-01T00:00:00+08:00")
told = json.load(sys.stdin)
read = sdk.callback({name.title(): value for name, value in told["headers"].items()}, told["body"])
print(json.dumps({"status": status, "placed": json.loads(placed), "read": read}))
