"""Verifies tokens as a relying party with Authlib does.

python3 authlib_verify.py OPTIONS

OPTIONS is a JSON object: discovery (an address), client_id, nonce, access_token, and
optionally id_token, code, and flow: code, implicit or hybrid. It prints the claims of each
token, one JSON text a line.
"""
import json
import sys

import requests
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken, HybridIDToken, ImplicitIDToken

options = json.loads(sys.argv[1])
metadata = requests.get(options["discovery"]).json()
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"]).json())
algorithms = JsonWebToken(metadata["id_token_signing_alg_values_supported"])

access = algorithms.decode(options["access_token"], keys, claims_options={"iss": {"essential": True, "value": metadata["issuer"]}})
access.validate()
print(json.dumps(access, separators=(",", ":")))

if "id_token" in options:
    kind = {"code": CodeIDToken, "implicit": ImplicitIDToken, "hybrid": HybridIDToken}[options["flow"]]
    claims = algorithms.decode(
        options["id_token"],
        keys,
        claims_cls=kind,
        claims_options={
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": options["client_id"]},
            "at_hash": {"essential": True},
        },
        claims_params={name: options[name] for name in ("nonce", "client_id", "access_token", "code") if name in options},
    )
    claims.validate()
    print(json.dumps(claims, separators=(",", ":")))
