import { useEffect, useState, type RefObject } from 'react';

/** Whether an element can be seen: a tab behind another one cannot. */
export function useIsShown(element: RefObject<Element>): boolean {
  const [isShown, setShown] = useState(
    typeof IntersectionObserver === 'undefined'
  );
  useEffect(() => {
    if (!element.current || typeof IntersectionObserver === 'undefined') {
      return;
    }
    const observer = new IntersectionObserver(entries =>
      setShown(entries.some(({ isIntersecting }) => isIntersecting))
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return isShown;
}
