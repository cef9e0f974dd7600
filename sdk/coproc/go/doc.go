// Package sallyport turns Go functions into the handlers of an external
// plugin process of the Sallyport gateway.
//
// A program declares its handlers beside the functions and serves them:
//
//	func main() {
//		err := sallyport.Main(sallyport.Handler{
//			Name: "hello", Hooks: []sallyport.Hook{sallyport.Pre},
//			Headers: []string{"user-agent"}, Writes: []sallyport.Part{sallyport.Headers},
//			Func: func(ctx context.Context, c *sallyport.Call) (*sallyport.Result, error) {
//				hello := sallyport.Fields{{Name: "X-Hello", Value: c.APIID}}
//				return sallyport.Edit(sallyport.Edits{SetHeaders: hello}), nil
//			},
//		})
//		if err != nil {
//			fmt.Fprintln(os.Stderr, err)
//			os.Exit(1)
//		}
//	}
//
// The gateway is on stdin and stdout. What the program prints goes to stderr,
// which is the gateway's log.
//
// # Concurrency
//
// Every call runs in a goroutine of its own, and answers go out in the order
// in which they are ready, several with one write when there are several. A
// call's context ends with its deadline, when the gateway no longer waits, and
// when stdin ends.
//
// # Errors
//
// What a handler returns as an error, or panics with, becomes an error answer:
// an [Error] with its own code, anything else with [CodeFailed]. Every call is
// answered exactly once.
//
// The package imports only the standard library, and nothing of the gateway:
// it is an independent reading of the protocol.
package sallyport
