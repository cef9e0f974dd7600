-- The header hook: what a key TENANT.SECRET begins with, and the user agent.
local key = ngx.var.http_authorization or ""
key = key:gsub("^[Bb]earer%s+", "", 1)
ngx.req.set_header("X-Tenant", key:match("^[^.]*"))
ngx.req.set_header("X-Agent", ngx.var.http_user_agent or "")
ngx.req.clear_header("X-Debug")
