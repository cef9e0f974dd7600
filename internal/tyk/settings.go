package tyk

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/native"
)

// Limits that imported plugins get. Tyk has none: these are wide enough for
// what its users send through scripts.
const (
	defaultMaxBody = 8 << 20
	scriptMemory   = "128MiB"
)

// settings are those of tyk.conf that have a meaning here.
type settings struct {
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

	Coprocess coprocess `json:"coprocess_options"`
	Server    server    `json:"http_server_options"`
}

// coprocess are the settings of plugins of other languages.
type coprocess struct {
	Enabled bool  `json:"enable_coprocess"`
	RecvMax int64 `json:"grpc_recv_max_size"`
	SendMax int64 `json:"grpc_send_max_size"`
}

// server are the settings of the listener and of paths.
type server struct {
	PrefixMatching bool          `json:"enable_path_prefix_matching"`
	SuffixMatching bool          `json:"enable_path_suffix_matching"`
	StrictRoutes   bool          `json:"enable_strict_routes"`
	MaxBody        int64         `json:"max_request_body_size"`
	UseSSL         bool          `json:"use_ssl"`
	Certificates   []certificate `json:"certificates"`
	ReadTimeout    int64         `json:"read_timeout"`  // seconds
	WriteTimeout   int64         `json:"write_timeout"` // seconds
}

type certificate struct {
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"key_file"`
}

// readSettings reads tyk.conf, if there is one.
func (i *importer) readSettings() {
	i.settings = settings{EnableJSVM: true, HashKeys: true}
	file := filepath.Join(i.dir, "tyk.conf")
	if _, err := os.Lstat(file); err == nil {
		i.settings = settings{}
		i.parseSettings(file)
	}
	s := &i.settings
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
	if s.TykJSPath != "" {
		s.TykJSPath = i.resolve(i.dir, s.TykJSPath)
	}
}

func (i *importer) parseSettings(file string) {
	v, err := i.parse(file)
	if err != nil {
		i.problem(err)
		return
	}
	unknown, err := v.Decode(&i.settings)
	if err != nil {
		i.problem(err)
		return
	}
	for _, n := range settingNotes(unknown) {
		if n.Opens && !i.waives(n.Key) {
			i.problems = append(i.problems, document.Problem{Pos: n.Pos, Text: n.Path + " " + n.Text + waiveHint(n.Key)})
			continue
		}
		i.report.Settings = append(i.report.Settings, n)
	}
	if s := i.settings.Server; s.UseSSL && len(s.Certificates) != 1 {
		i.problems = append(i.problems, document.Problem{
			Pos: v.At("http_server_options", "use_ssl").Pos, Text: "http_server_options.use_ssl needs exactly one entry in certificates, with cert_file and key_file",
		})
	}
}

// problem adds an error of this package's parsers.
func (i *importer) problem(err error) {
	if all, ok := err.(document.Problems); ok { //nolint:errorlint // never wrapped
		i.problems = append(i.problems, all...)
		return
	}
	i.problems = append(i.problems, document.Problem{Pos: document.Pos{File: i.Dir}, Text: err.Error()})
}

// parse reads a JSON file.
func (i *importer) parse(file string) (*document.Value, error) {
	data, err := readFile(file, document.MaxBytes)
	if err != nil {
		return nil, fileProblem(i.shown(file), err)
	}
	return document.Parse(i.shown(file), data)
}

// readFile reads a regular file that is not too large.
func readFile(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() > most:
		return nil, fmt.Errorf("is larger than %d MiB", most>>20)
	}
	return os.ReadFile(file)
}

// resolve returns the absolute path of a file that Tyk's files name, which may
// be relative to dir.
func (*importer) resolve(dir, file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(dir, filepath.FromSlash(file))
}

// gatewayKeys adds what is outside of plugins and APIs.
func (i *importer) gatewayKeys(m *native.Mapping) {
	s := &i.settings
	m.Add("listen", i.listen())
	if s.Server.UseSSL {
		c := s.Server.Certificates[0]
		m.Add("tls", (&native.Mapping{}).
			Add("cert", i.path(i.resolve(i.dir, c.CertFile))).
			Add("key", i.path(i.resolve(i.dir, c.KeyFile))))
	}
	timeouts := (&native.Mapping{}).
		AddIf(s.Server.ReadTimeout > 0, "read_body", seconds(s.Server.ReadTimeout)).
		AddIf(s.Server.WriteTimeout > 0, "write", seconds(s.Server.WriteTimeout))
	m.Add("timeouts", timeouts)
	store := (&native.Mapping{}).AddIf(s.HashKeys, "hash_keys", true).AddIf(s.MasterKeys, "master_keys", true)
	if keys := filepath.Join(i.dir, "keys.json"); exists(keys) {
		store.Add("keys", i.path(keys))
	}
	m.Add("store", store)
	m.Add("defaults", (&native.Mapping{}).
		Add("timeout", seconds(s.JSVMTimeout)).Add("memory", scriptMemory).Add("max_body", s.Server.MaxBody))
	i.processKeys(m)
}

// processKeys adds the external process, if anything needs it.
func (i *importer) processKeys(m *native.Mapping) {
	if !i.process {
		return
	}
	command := i.Process
	if len(command) == 0 {
		command = []string{"your-plugins"}
	}
	p := (&native.Mapping{}).Add("command", native.Short(command))
	if frame := max(i.settings.Coprocess.RecvMax, i.settings.Coprocess.SendMax); frame > 0 {
		p.Add("max_message", min(max(frame, 4<<10), 1<<30))
	}
	m.Add("coproc", p).Comment("The process that has the handlers of Tyk's plugins in other languages: see docs/PLUGINS.md.")
}

// listen returns the address: that of the command line, or of tyk.conf.
func (i *importer) listen() string {
	s := &i.settings
	switch {
	case i.Listen != "":
		return i.Listen
	case s.ListenPort > 0 || s.ListenAddress != "":
		port := s.ListenPort
		if port == 0 {
			port = 8080
		}
		return net.JoinHostPort(s.ListenAddress, strconv.Itoa(port))
	}
	return ":8080"
}

func seconds(n int64) string { return (time.Duration(min(n, 1<<32)) * time.Second).String() }

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

func waiveHint(key string) string {
	return fmt.Sprintf("; --waive %s imports it all the same", strings.ReplaceAll(key, " ", ""))
}
