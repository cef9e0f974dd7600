// Package faults is the containment suite: it lets a plugin do each thing that
// plugins do wrong, in each isolation model, inside a running gateway, and
// measures what that did to everybody else.
//
// [Run] starts a gateway of its own for every model and fault, sends steady
// traffic through four of its APIs, sets the fault off, and watches: what the
// faulty requests got and after how long, which neighbours failed, how much
// memory the gateway took, whether work went on after the answer, what left
// the sandbox, and when the plugin served again. One [Cell] holds all that.
//
// # Neighbours
//
// The API under attack and its plugin are also used by harmless requests.
//
//	same_api     the attacked API itself, and so the attacked plugin
//	same_plugin  another API that runs the attacked plugin
//	same_model   another API with another plugin of the same model
//	other_api    another API with a native plugin
//
// A neighbour has failed if it did not get a 200 within two seconds.
//
// # Verdicts
//
// [Judge] derives the verdict from the figures, by the rules in rules.go, of
// which the first that applies decides. In short:
//
//	not contained  the gateway died; APIs without the model failed; a faulty
//	               request got no answer within a second of its deadline, or
//	               was let through; memory or processes went beyond the limit;
//	               something left the plugin that was not granted; the plugin
//	               did not serve again
//	by design      state passed from one request to another, and the model is
//	               one that keeps state
//	degraded       neighbours that share plugin, API or model failed; the
//	               plugin was away for more than 75 ms; work went on after the
//	               answer; the log was flooded
//	contained      none of these
//
// Nothing else enters into it: there is no list of expected verdicts.
//
// # JSON
//
// [SuiteReport] and [Cell] are encoded as they stand; their names are stable. A
// figure that the system does not tell is null.
//
// # The lab
//
// [Stage.Fragment] gives the same plugins and APIs as parts of a
// configuration, below /lab/, and [Stage.Observe] measures a cell in a gateway
// that has them.
package faults
