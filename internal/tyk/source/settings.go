package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// defaultMaxBody is what a request may have where tyk.conf sets no limit. Tyk
// has none: this is wide enough for what its users send through scripts.
const defaultMaxBody = 8 << 20

// GatewaySettings are those of tyk.conf that have a meaning here.
type GatewaySettings struct {
	Root  *document.Value // nil without a document
	Notes []document.Note // about keys without a meaning; none after an error
	Err   error

	ListenAddress string `json:"listen_address"`
	ListenPort    int    `json:"listen_port"`
	AppPath       string `json:"app_path"`
	HashKeys      bool   `json:"hash_keys"`
	MasterKeys    bool   `json:"allow_master_keys"`

	EnableJSVM           bool   `json:"enable_jsvm"`
	JSVMTimeout          int64  `json:"jsvm_timeout"` // seconds
	TykJSPath            string `json:"tyk_js_path"`
	MiddlewarePath       string `json:"middleware_path"`
	NoBlobs              bool   `json:"disable_virtual_path_blobs"`
	KeepHeaderCase       bool   `json:"ignore_canonical_mime_header_key"`
	IgnoreEndpointCase   bool   `json:"ignore_endpoint_case"`
	ManagementNode       bool   `json:"management_node"`
	EnableBundles        bool   `json:"enable_bundle_downloader"`
	BundleBaseURL        string `json:"bundle_base_url"`
	BundleInsecure       bool   `json:"bundle_insecure_skip_verify"`
	PublicKeyPath        string `json:"public_key_path"`
	SkipVerifyOldBundles bool   `json:"skip_verify_existing_plugin_bundle"`

	Coprocess Coprocess        `json:"coprocess_options"`
	Server    ListenerSettings `json:"http_server_options"`
}

// Coprocess are the settings of plugins of other languages.
type Coprocess struct {
	Enabled bool  `json:"enable_coprocess"`
	RecvMax int64 `json:"grpc_recv_max_size"`
	SendMax int64 `json:"grpc_send_max_size"`
}

// ListenerSettings are the settings of the listener and of paths.
type ListenerSettings struct {
	PrefixMatching bool          `json:"enable_path_prefix_matching"`
	KeepPaths      bool          `json:"skip_url_cleaning"`
	SuffixMatching bool          `json:"enable_path_suffix_matching"`
	StrictRoutes   bool          `json:"enable_strict_routes"`
	MaxBody        int64         `json:"max_request_body_size"`
	UseSSL         bool          `json:"use_ssl"`
	Certificates   []Certificate `json:"certificates"`
	ReadTimeout    int64         `json:"read_timeout"`  // seconds
	WriteTimeout   int64         `json:"write_timeout"` // seconds
}

// Certificate is one of the listener.
type Certificate struct {
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"key_file"`
}

// readSettings reads tyk.conf. Without one, the gateway is as the definitions
// would have it.
func (t *Tree) readSettings() GatewaySettings {
	s := GatewaySettings{EnableJSVM: true, HashKeys: true}
	file := filepath.Join(t.Root, "tyk.conf")
	if _, err := os.Lstat(file); err == nil {
		s = t.parseSettings(file)
	}
	t.find(&s, "app_path", &s.AppPath)
	t.find(&s, "middleware_path", &s.MiddlewarePath)
	if s.JSVMTimeout <= 0 {
		s.JSVMTimeout = 5
	}
	if s.MiddlewarePath == "" {
		s.MiddlewarePath = "middleware"
	}
	if s.AppPath == "" {
		s.AppPath = "apps"
	}
	if s.Server.MaxBody <= 0 {
		s.Server.MaxBody = defaultMaxBody
	}
	return s
}

func (t *Tree) parseSettings(file string) (s GatewaySettings) {
	v, err := t.parse(file)
	if err != nil {
		return GatewaySettings{Err: err}
	}
	unknown, err := v.Decode(&s)
	s.Root = v
	if err != nil {
		s.Err = err
		return s
	}
	unknown = slices.DeleteFunc(unknown, func(m document.Member) bool { return m.Value.Empty() })
	s.Notes = settingRules.Notes(unknown, false)
	return s
}

// find replaces an absolute folder that is not on this machine: with the one
// in the tree that its last elements name, or with the usual one.
func (t *Tree) find(s *GatewaySettings, key string, dir *string) {
	if !filepath.IsAbs(*dir) || exists(*dir) {
		return
	}
	found, rest := "", strings.Split(filepath.ToSlash(filepath.Clean(*dir)), "/")
	for len(rest) > 1 && found == "" {
		rest = rest[1:]
		if inside := filepath.Join(rest...); exists(filepath.Join(t.Root, inside)) {
			found = inside
		}
	}
	text := "is of another machine: " + filepath.ToSlash(found) + " is read instead"
	if *dir = found; found == "" {
		text = "is of another machine: the usual folder is read instead"
	}
	s.Notes = append(s.Notes, document.Note{Pos: s.Root.Get(key).Pos, Path: key, Key: key, Text: text})
}
