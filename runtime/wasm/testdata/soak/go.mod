module github.com/c386954a/sallyport/runtime/wasm/testdata/soak

go 1.24

require github.com/c386954a/sallyport/sdk/go v0.0.0

replace github.com/c386954a/sallyport/sdk/go => ../../../../sdk/go
