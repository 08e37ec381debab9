/** Return a function that makes something anew only when it is made of something else. */
export function memoize<Given extends readonly unknown[], Made>(make: (...given: Given) => Made): (...given: Given) => Made {
  let last: Given | undefined;
  let made: Made;
  return (...given) => {
    if (!last || given.some((each, index) => !Object.is(each, last![index]))) {
      made = make(...given);
      last = given;
    }
    return made;
  };
}
