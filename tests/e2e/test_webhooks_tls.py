#!/usr/bin/python3
"""Webhooks over https: whose certificate is trusted, and what is said of one that is not. The
authorities and certificates are made here, by openssl."""
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile

import cases
from authority import FUTURE, HERE, PAST, Authority, hash_of, openssl
from http_world import Client, World
from webhook_world import DEADLINE_S, Postman, Receiver, allow, wait_until


class Bureau:
    """The services, the postman, and two authorities: `own` is the one that the postman trusts."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.world = World()
        self.own, self.other = Authority(self.folder, "own"), Authority(self.folder, "other")
        allow(self.world)
        self.postman = Postman(self.world)
        self.admin = Client(self.world, token=self.world.token)

    def reload(self, word="reloaded"):
        before = self.world.logged().count(f"postman {word}")
        self.postman.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.world.logged().count(f"postman {word}") > before, "no reload")

    def send(self, receiver, ca, **parts):
        """What became of a message to that receiver, when `ca` is trusted."""
        url = parts.get("url", receiver.url)
        allow(self.world, url.removesuffix("/hook"), ca=ca)
        self.reload()
        webhook = self.admin.ask("POST", "/webhooks", {"url": url}).json["id"]
        assert self.admin.ask("POST", f"/webhooks/{webhook}/test").status == 202
        log = lambda: self.admin.get(f"/webhooks/{webhook}/deliveries")["deliveries"]
        wait_until(lambda: log()[0]["state"] != "pending", log)
        delivery = log()[0]
        assert self.admin.ask("DELETE", f"/webhooks/{webhook}").status == 204
        return delivery

    def assert_refused(self, context, words, ca=None):
        receiver = Receiver(context)
        delivery = self.send(receiver, ca or self.own.certificate)
        receiver.close()
        assert delivery["state"] == "failed" and words in delivery["error"], delivery
        assert receiver.messages == [], "it was sent all the same"
        assert delivery.get("status") is None, delivery

    def close(self):
        self.postman.stop()
        shutil.rmtree(self.folder)
        return self.world.close()

    def logged(self):
        return self.world.logged()


def test_a_receiver_whose_authority_is_trusted_gets_its_messages(bureau):
    receiver = Receiver(bureau.own.issue(HERE))
    delivery = bureau.send(receiver, bureau.own.certificate)
    receiver.close()
    assert delivery["state"] == "delivered" and len(receiver.messages) == 1, delivery
    assert receiver.messages[0].json["type"] == "webhook.test"


def test_several_authorities_may_stand_in_one_file(bureau):
    both = os.path.join(bureau.folder, "both.pem")
    with open(both, "w", encoding="ascii") as file:
        for authority in (bureau.other, bureau.own):
            with open(authority.certificate, encoding="ascii") as certificate:
                file.write(certificate.read())
    receiver = Receiver(bureau.own.issue(HERE))
    assert bureau.send(receiver, both)["state"] == "delivered"
    receiver.close()


def test_an_unknown_authority_is_refused(bureau):
    bureau.assert_refused(bureau.other.issue(HERE), "签发机构不受信任")


def test_the_system_s_authorities_do_not_know_the_bureau_s(bureau):
    receiver = Receiver(bureau.own.issue(HERE))
    delivery = bureau.send(receiver, None)
    receiver.close()
    assert "签发机构不受信任" in delivery["error"] and "webhooks/ca" in delivery["error"], delivery


def test_the_file_stands_in_the_place_of_the_system_s_authorities(bureau):
    """The postman sees a /etc/ssl/certs of which `other` is the only authority."""
    system = os.path.join(bureau.folder, "system")
    os.mkdir(system)
    for name in ("ca-certificates.crt", hash_of(bureau.other.certificate) + ".0"):
        shutil.copy(bureau.other.certificate, os.path.join(system, name))
    over = ["unshare", "--mount", "sh", "-c", f'mount --bind {system} /etc/ssl/certs && exec "$@"',
            "sh"]
    if os.geteuid() != 0 or subprocess.run([*over, "true"], capture_output=True).returncode:
        raise cases.Skipped("needs root and mount namespaces")
    bureau.postman.stop()
    bureau.postman.start(over)
    receiver = Receiver(bureau.other.issue(HERE))
    assert bureau.send(receiver, None)["state"] == "delivered"
    receiver.close()
    bureau.assert_refused(bureau.other.issue(HERE), "签发机构不受信任")
    bureau.postman.stop()
    bureau.postman.start()


def test_an_expired_certificate_is_refused(bureau):
    bureau.assert_refused(bureau.own.issue(HERE, PAST), "证书已过期")


def test_a_certificate_of_the_future_is_refused(bureau):
    bureau.assert_refused(bureau.own.issue(HERE, FUTURE), "证书还没有生效")


def test_a_certificate_of_another_name_is_refused(bureau):
    bureau.assert_refused(bureau.own.issue("DNS:other.example"), "证书不是发给 127.0.0.1 的")


def test_a_certificate_is_held_against_a_name_too(bureau):
    receiver = Receiver(bureau.own.issue("DNS:localhost"))
    delivery = bureau.send(receiver, bureau.own.certificate,
                           url=f"https://localhost:{receiver.port}/hook")
    assert delivery["state"] == "delivered", delivery
    delivery = bureau.send(receiver, bureau.own.certificate)
    assert "证书不是发给 127.0.0.1 的" in delivery["error"], delivery
    receiver.close()


def test_a_receiver_that_signed_for_itself_is_refused(bureau):
    key, certificate = (os.path.join(bureau.folder, name) for name in ("self.key", "self.pem"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
            "subjectAltName=" + HERE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    bureau.assert_refused(context, "签发机构不受信任")


def test_a_receiver_that_speaks_no_tls_is_refused(bureau):
    receiver = Receiver()
    url = receiver.url.replace("http:", "https:")
    delivery = bureau.send(receiver, bureau.own.certificate, url=url)
    receiver.close()
    assert "没有建立加密连接" in delivery["error"] and receiver.messages == [], delivery


def test_a_failure_of_the_certificate_is_tried_again_and_logged(bureau):
    receiver = Receiver(bureau.own.issue(HERE, PAST))
    allow(bureau.world, receiver.origin, ca=bureau.own.certificate)
    bureau.reload()
    webhook = bureau.admin.ask("POST", "/webhooks", {"url": receiver.url}).json["id"]
    body = {"id": "P-tls", "name": "会计报表审计服务", "unit": "示例市财政局"}
    assert bureau.admin.ask("POST", "/projects", body, {"Prefer": "wait=20"}).status == 200
    log = lambda: bureau.admin.get(f"/webhooks/{webhook}/deliveries")["deliveries"]
    wait_until(lambda: log() and log()[0]["attempt"] == 1, log)
    assert log()[0]["state"] == "pending" and "证书已过期" in log()[0]["error"], log()
    assert "reason=certificate_expired" in bureau.logged()
    receiver.server.socket.context.load_cert_chain(*renewed(bureau))
    bureau.postman.advance(10)
    wait_until(lambda: log()[0]["state"] == "delivered", log)
    receiver.close()
    assert bureau.admin.ask("DELETE", f"/webhooks/{webhook}").status == 204


def renewed(bureau):
    bureau.own.issue(HERE)
    return [bureau.own.path(f"{bureau.own.issued}.{kind}") for kind in ("pem", "key")]


def test_a_file_without_certificates_is_refused_with_the_configuration(bureau):
    empty = os.path.join(bureau.folder, "empty.pem")
    open(empty, "w", encoding="ascii").close()
    receiver = Receiver(bureau.own.issue(HERE))
    assert bureau.send(receiver, bureau.own.certificate)["state"] == "delivered"
    for path in (empty, os.path.join(bureau.folder, "nowhere.pem"), bureau.own.key):
        allow(bureau.world, receiver.origin, ca=path)
        bureau.reload("reload_failed")
        assert f"webhooks/ca: {path}" in bureau.logged().splitlines()[-1], path
    webhook = bureau.admin.ask("POST", "/webhooks", {"url": receiver.url}).json["id"]
    bureau.admin.ask("POST", f"/webhooks/{webhook}/test")
    receiver.await_count(2)  # it goes on with what it had
    bureau.admin.ask("DELETE", f"/webhooks/{webhook}")
    receiver.close()
    bureau.postman.stop()
    process = subprocess.run([bureau.postman.process.args[0]], env=bureau.world.environment,
                             capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert process.returncode == 1 and "webhooks/ca" in process.stderr, process
    allow(bureau.world)
    bureau.postman.start()


def main():
    bureau = Bureau()
    failed = cases.run_with(globals(), bureau)
    if failed:
        print(bureau.logged()[-4000:])
    return 1 if bureau.close() or failed else 0


if __name__ == "__main__":
    sys.exit(main())
