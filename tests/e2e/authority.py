"""Certificate authorities, as a bureau has one of its own; by openssl."""
import os
import ssl
import subprocess

HERE = "IP:127.0.0.1"
VALID, PAST, FUTURE = (("20250101000000Z", "20991231000000Z"), ("20200101000000Z", "20200201000000Z"),
                       ("20980101000000Z", "20991231000000Z"))


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def hash_of(certificate):
    """The name by which OpenSSL finds it in a folder."""
    return subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", certificate], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


class Authority:
    """Issues certificates, as that of a bureau does."""

    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.certificate, self.key = self.path("ca.pem"), self.path("ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key, "-out", self.certificate, "-days", "3650", "-subj",
                f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign")
        open(self.path("index"), "w", encoding="ascii").close()
        self.issued = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, dates=VALID):
        """A context with a certificate for `name`, which is valid between the dates."""
        self.issued += 1
        key, request, certificate, settings = (self.path(f"{self.issued}.{kind}")
                                               for kind in ("key", "csr", "pem", "cnf"))
        with open(settings, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=here\n[here]\ndatabase={self.path('index')}\n"
                       f"rand_serial=yes\nunique_subject=no\nnew_certs_dir={self.folder}\n"
                       "default_md=sha256\npolicy=any\nx509_extensions=server\n"
                       f"[any]\ncommonName=optional\n[server]\nsubjectAltName={name}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                key, "-out", request, "-subj", "/CN=receiver")
        openssl("ca", "-batch", "-config", settings, "-cert", self.certificate, "-keyfile",
                self.key, "-in", request, "-out", certificate, "-startdate", dates[0], "-enddate",
                dates[1])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context
