package usage

// CPUOfStat is what CPU falls back to.
var CPUOfStat = cpuOfStat
