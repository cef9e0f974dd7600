package peers

import "path/filepath"

// nginxModules is where Debian's packages put the modules.
const nginxModules = "/usr/lib/nginx/modules"

func nginx() peerKind {
	return peerKind{
		name: "nginx", program: "nginx", packages: "nginx libnginx-mod-http-lua libnginx-mod-http-js",
		needs:       []string{nginxModules + "/ngx_http_lua_module.so", nginxModules + "/ngx_http_js_module.so"},
		versionFlag: "-v",
		files:       []string{"nginx.conf", "nginx.lua", "headers.mjs"},
		rows: []Contender{
			{Name: "nginx", Plain: "nginx", Addr: "Plain"},
			{Name: "nginx + Lua", Plain: "nginx", Addr: "Lua"},
			{Name: "nginx + njs", Plain: "nginx", Addr: "JS"},
		},
		arguments: func(dir string) []string {
			return []string{"-e", filepath.Join(dir, "start.log"), "-p", dir, "-c", filepath.Join(dir, "nginx.conf")}
		},
	}
}

func haproxy() peerKind {
	return peerKind{
		name: "HAProxy", program: "haproxy", packages: "haproxy",
		versionFlag: "-v",
		files:       []string{"haproxy.cfg", "haproxy.lua"},
		rows: []Contender{
			{Name: "HAProxy", Plain: "HAProxy", Addr: "Plain"},
			{Name: "HAProxy + Lua", Plain: "HAProxy", Addr: "Lua"},
		},
		arguments: func(dir string) []string { return []string{"-db", "-f", filepath.Join(dir, "haproxy.cfg")} },
	}
}
