-- The header hook: what a key TENANT.SECRET begins with, and the user agent.
core.register_action("headers", { "http-req" }, function(txn)
	local fields = txn.http:req_get_headers()
	local key = fields["authorization"] and fields["authorization"][0] or ""
	key = key:gsub("^[Bb]earer%s+", "", 1)
	txn.http:req_set_header("X-Tenant", key:match("^[^.]*"))
	txn.http:req_set_header("X-Agent", fields["user-agent"] and fields["user-agent"][0] or "")
	txn.http:req_del_header("X-Debug")
end)
