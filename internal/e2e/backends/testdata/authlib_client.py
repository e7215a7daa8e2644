"""Logs in, refreshes and logs out as a relying party with Authlib does.

python3 authlib_client.py OPTIONS

OPTIONS is a JSON object: discovery (an address), redirect_uri and cookie. The cookie is of a
user who is logged in at Glewlwyd. The client is "lab". It prints what it got, one JSON text
a line, without what differs from login to login.
"""
import json
import sys
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

options = json.loads(sys.argv[1])
metadata = requests.get(options["discovery"]).json()
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"]).json())
jwt = JsonWebToken(metadata["id_token_signing_alg_values_supported"])
different = {"expires_at", "exp", "iat", "nbf", "jti", "auth_time", "at_hash", "c_hash", "sub", "iss", "sid", "tgr", "access_token", "refresh_token", "id_token"}


def show(what, members):
    known = {name: value for name, value in members.items() if name not in different}
    print(json.dumps([what, known, sorted(set(members) & different - {"tgr"})], separators=(",", ":")))


def access_claims(tokens):
    claims = jwt.decode(tokens["access_token"], keys)
    claims.validate()
    return claims


client = OAuth2Session("lab", "labsecret", scope="openid", redirect_uri=options["redirect_uri"], code_challenge_method="S256")
verifier = "v" * 64
address, state = client.create_authorization_url(metadata["authorization_endpoint"], nonce="nn", code_verifier=verifier)
name, value = options["cookie"].split("=", 1)
redirect = requests.get(address + "&g_continue", cookies={name: value}, allow_redirects=False).headers["Location"]
assert parse_qs(urlsplit(redirect).query)["state"] == [state]

tokens = client.fetch_token(metadata["token_endpoint"], authorization_response=redirect, state=state, code_verifier=verifier)
show("token", tokens)
show("access token", access_claims(tokens))
id_token = jwt.decode(
    tokens["id_token"],
    keys,
    claims_cls=CodeIDToken,
    claims_options={"iss": {"essential": True, "value": metadata["issuer"]}, "aud": {"essential": True, "value": "lab"}, "at_hash": {"essential": True}},
    claims_params={"nonce": "nn", "client_id": "lab", "access_token": tokens["access_token"]},
)
id_token.validate()
show("id_token", id_token)

info = client.get(metadata["userinfo_endpoint"])
info.raise_for_status()
show("userinfo", info.json())
assert info.json()["sub"] == id_token["sub"]

refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
show("refresh", refreshed)
show("refreshed access token", access_claims(refreshed))

introspected = client.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"])
show("introspection", introspected.json())
print(json.dumps(["revocation", client.revoke_token(metadata["revocation_endpoint"], token=refreshed["access_token"]).status_code]))
introspected = client.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"])
show("introspection after the revocation", introspected.json())
ended = requests.get(metadata["end_session_endpoint"], params={"id_token_hint": tokens["id_token"]}, cookies={name: value}, allow_redirects=False)
print(json.dumps(["end session", ended.status_code]))
