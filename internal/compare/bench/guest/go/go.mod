module github.com/c386954a/sallyport/internal/compare/bench/guest/go

go 1.24

require github.com/c386954a/sallyport/sdk/go v0.0.0

replace github.com/c386954a/sallyport/sdk/go => ../../../../../sdk/go
