module github.com/c386954a/sallyport/sdk/coproc/go

go 1.25
