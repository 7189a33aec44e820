export { keyFor, keysOfOtherMajors, MAJOR, otherMajorOf, ownClass, recognise } from './copies';
