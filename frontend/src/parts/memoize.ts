/** Return a function that repeats its last result until an argument changes. */
export function memoize<Args extends readonly unknown[], Result>(make: (...args: Args) => Result): (...args: Args) => Result {
  let last: Args | undefined;
  let result: Result;
  return (...args) => {
    if (!last || args.some((arg, index) => !Object.is(arg, last![index]))) {
      result = make(...args);
      last = args;
    }
    return result;
  };
}
