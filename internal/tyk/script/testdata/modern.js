var m = new TykJS.TykMiddleware.NewMiddleware({});
m.NewProcessRequest((request, session) => {
  const {a, b = 2} = request;
  let s = `x ${a + `y${b}`} }`;
  for (const x of [1,2]) { log(x?.y ?? 1); }
  return m.ReturnData(request, {a, b(){}, [a]: 1, ...session});
});
async function f(a = 1) { await f(); class X { #p; } }
