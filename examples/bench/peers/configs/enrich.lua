-- The sidecar's job in nginx with Lua: verify the backend's token, check its issuer and
-- times, add the user's document, sign. Keys and documents are read once, at the start.
local cjson = require "cjson.safe"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"

local M = {}
local config, header, verify_key, sign_key
local documents = {} -- JSON by user ID

local function read(name)
  local file = assert(io.open(name, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

local function encode(bytes)
  return (ngx.encode_base64(bytes, true):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end

local function decode(text)
  text = text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  return ngx.decode_base64(text .. ("="):rep(-#text % 4))
end

function M.init(options)
  config = options
  verify_key, sign_key = read(config.verify), read(config.sign)
  if config.algorithm ~= "HS256" then
    verify_key, sign_key = pkey.new(verify_key, "PEM"), pkey.new(sign_key, "PEM")
  end
  header = encode(('{"alg":"%s","kid":"%s","typ":"JWT"}'):format(config.algorithm, config.key_id))
  for line in io.lines(config.documents) do -- one document a line
    local document, id = line:match('^%[?({"user_id":"([^"]+)".*})[%],]?$')
    documents[id] = document
  end
end

-- A signature of ES256 is r and s of 32 bytes each; OpenSSL has them in DER.
local function integer(bytes)
  bytes = bytes:gsub("^%z+", "")
  if bytes == "" or bytes:byte() > 127 then bytes = "\0" .. bytes end
  return "\2" .. string.char(#bytes) .. bytes
end

local function to_der(signature)
  local both = integer(signature:sub(1, 32)) .. integer(signature:sub(33))
  return "\48" .. string.char(#both) .. both
end

local function from_der(der)
  local n = der:byte(4)
  local r, s = der:sub(5, 4 + n):gsub("^%z+", ""), der:sub(7 + n):gsub("^%z+", "")
  return ("\0"):rep(32 - #r) .. r .. ("\0"):rep(32 - #s) .. s
end

local function verified(message, signature)
  if config.algorithm == "HS256" then
    return hmac.new(verify_key, "sha256"):final(message) == signature
  elseif config.algorithm == "ES256" then
    if #signature ~= 64 then return false end
    signature = to_der(signature)
  end
  return verify_key:verify(signature, digest.new("sha256"):update(message))
end

local function sign(message)
  if config.algorithm == "HS256" then
    return hmac.new(sign_key, "sha256"):final(message)
  end
  local signature = sign_key:sign(digest.new("sha256"):update(message))
  if config.algorithm == "ES256" then signature = from_der(signature) end
  return signature
end

-- enrich returns the enriched token, or nil.
local function enrich(token)
  local head, payload, signature = token:match("^([^.]+)%.([^.]+)%.([^.]+)$")
  if not head or (cjson.decode(decode(head)) or {}).alg ~= config.algorithm then return nil end
  if not verified(head .. "." .. payload, decode(signature)) then return nil end
  local json = decode(payload)
  local claims, now = cjson.decode(json), ngx.time()
  if not claims or claims.iss ~= config.issuer or claims.custom_data or
    not (claims.exp > now) or not (claims.nbf <= now) then return nil end
  local document = documents[claims.sub]
  if not document then return nil end
  local message = header .. "." .. encode(json:sub(1, -2) .. ',"custom_data":' .. document .. "}")
  return message .. "." .. encode(sign(message))
end

function M.login()
  ngx.req.read_body()
  local response = ngx.location.capture("/backend/oauth/token", { method = ngx.HTTP_POST, always_forward_body = true })
  local body = response.body
  if response.status == 200 then
    local members = cjson.decode(body)
    local token = members and enrich(members.access_token)
    if not token then return ngx.exit(502) end
    members.access_token = token
    body = cjson.encode(members)
  end
  ngx.status = response.status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

return M
