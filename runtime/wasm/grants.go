package wasm

import (
	"fmt"
	"iter"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

// newContract returns the contract of a plugin.
func (r *Runtime) newContract(s abi.Spec, out *output) (contract, error) {
	if isScript(s) {
		return r.newScript(s, out)
	}
	host, err := r.newHost(s, out)
	if err != nil {
		return nil, err
	}
	return &nativeContract{host: host, spec: s}, nil
}

// newHost returns the host functions of a plugin, with what it was granted.
func (r *Runtime) newHost(s abi.Spec, out *output) (*native.Host, error) {
	c := native.Config{Log: out, KV: r.config.KV, Env: r.config.Env}
	if len(s.Grants.HTTP) > 0 {
		client, err := r.newClient(s)
		if err != nil {
			return nil, err
		}
		c.HTTP = client
	}
	host, err := native.NewHost(s, c)
	if err != nil && c.HTTP != nil {
		c.HTTP.Close()
	}
	return host, err
}

// newClient returns a client for the requests of one plugin.
func (r *Runtime) newClient(s abi.Spec) (*outbound.Client, error) {
	c := r.config.Outbound
	c.Allow, c.MaxBody = s.Grants.HTTP, s.Limits.MaxBody
	client, err := outbound.New(c)
	if err != nil {
		return nil, fmt.Errorf("allow: http: %w", err)
	}
	return client, nil
}

var _ abi.Measurer = (*plugin)(nil)

// Metrics yields what the guest measured so far.
func (p *plugin) Metrics() iter.Seq[abi.Metric] {
	if m, ok := p.contract.(abi.Measurer); ok {
		return m.Metrics()
	}
	return func(func(abi.Metric) bool) {}
}
