var Ro=r=>{throw TypeError(r)};var vs=(r,e,t)=>e.has(r)||Ro("Cannot "+t);var g=(r,e,t)=>(vs(r,e,"read from private field"),t?t.call(r):e.get(r)),w=(r,e,t)=>e.has(r)?Ro("Cannot add the same private member more than once"):e instanceof WeakSet?e.add(r):e.set(r,t),$=(r,e,t,n)=>(vs(r,e,"write to private field"),n?n.call(r,t):e.set(r,t),t),_=(r,e,t)=>(vs(r,e,"access private method"),t);var Do=(r,e,t,n)=>({set _(s){$(r,e,s,t)},get _(){return g(r,e,n)}});var gr=globalThis,fr=gr.ShadowRoot&&(gr.ShadyCSS===void 0||gr.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,xs=Symbol(),Ao=new WeakMap,gn=class{constructor(e,t,n){if(this._$cssResult$=!0,n!==xs)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=e,this.t=t}get styleSheet(){let e=this.o,t=this.t;if(fr&&e===void 0){let n=t!==void 0&&t.length===1;n&&(e=Ao.get(t)),e===void 0&&((this.o=e=new CSSStyleSheet).replaceSync(this.cssText),n&&Ao.set(t,e))}return e}toString(){return this.cssText}},Eo=r=>new gn(typeof r=="string"?r:r+"",void 0,xs),O=(r,...e)=>{let t=r.length===1?r[0]:e.reduce((n,s,o)=>n+(i=>{if(i._$cssResult$===!0)return i.cssText;if(typeof i=="number")return i;throw Error("Value passed to 'css' function must be a 'css' function result: "+i+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(s)+r[o+1],r[0]);return new gn(t,r,xs)},Co=(r,e)=>{if(fr)r.adoptedStyleSheets=e.map(t=>t instanceof CSSStyleSheet?t:t.styleSheet);else for(let t of e){let n=document.createElement("style"),s=gr.litNonce;s!==void 0&&n.setAttribute("nonce",s),n.textContent=t.cssText,r.appendChild(n)}},ks=fr?r=>r:r=>r instanceof CSSStyleSheet?(e=>{let t="";for(let n of e.cssRules)t+=n.cssText;return Eo(t)})(r):r;var{is:rd,defineProperty:sd,getOwnPropertyDescriptor:od,getOwnPropertyNames:id,getOwnPropertySymbols:ad,getPrototypeOf:ud}=Object,_r=globalThis,Lo=_r.trustedTypes,ld=Lo?Lo.emptyScript:"",dd=_r.reactiveElementPolyfillSupport,fn=(r,e)=>r,$s={toAttribute(r,e){switch(e){case Boolean:r=r?ld:null;break;case Object:case Array:r=r==null?r:JSON.stringify(r)}return r},fromAttribute(r,e){let t=r;switch(e){case Boolean:t=r!==null;break;case Number:t=r===null?null:Number(r);break;case Object:case Array:try{t=JSON.parse(r)}catch{t=null}}return t}},zo=(r,e)=>!rd(r,e),No={attribute:!0,type:String,converter:$s,reflect:!1,useDefault:!1,hasChanged:zo};Symbol.metadata??=Symbol("metadata"),_r.litPropertyMetadata??=new WeakMap;var Le=class extends HTMLElement{static addInitializer(e){this._$Ei(),(this.l??=[]).push(e)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(e,t=No){if(t.state&&(t.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(e)&&((t=Object.create(t)).wrapped=!0),this.elementProperties.set(e,t),!t.noAccessor){let n=Symbol(),s=this.getPropertyDescriptor(e,n,t);s!==void 0&&sd(this.prototype,e,s)}}static getPropertyDescriptor(e,t,n){let{get:s,set:o}=od(this.prototype,e)??{get(){return this[t]},set(i){this[t]=i}};return{get:s,set(i){let a=s?.call(this);o?.call(this,i),this.requestUpdate(e,a,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(e){return this.elementProperties.get(e)??No}static _$Ei(){if(this.hasOwnProperty(fn("elementProperties")))return;let e=ud(this);e.finalize(),e.l!==void 0&&(this.l=[...e.l]),this.elementProperties=new Map(e.elementProperties)}static finalize(){if(this.hasOwnProperty(fn("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(fn("properties"))){let t=this.properties,n=[...id(t),...ad(t)];for(let s of n)this.createProperty(s,t[s])}let e=this[Symbol.metadata];if(e!==null){let t=litPropertyMetadata.get(e);if(t!==void 0)for(let[n,s]of t)this.elementProperties.set(n,s)}this._$Eh=new Map;for(let[t,n]of this.elementProperties){let s=this._$Eu(t,n);s!==void 0&&this._$Eh.set(s,t)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(e){let t=[];if(Array.isArray(e)){let n=new Set(e.flat(1/0).reverse());for(let s of n)t.unshift(ks(s))}else e!==void 0&&t.push(ks(e));return t}static _$Eu(e,t){let n=t.attribute;return n===!1?void 0:typeof n=="string"?n:typeof e=="string"?e.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(e=>this.enableUpdating=e),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(e=>e(this))}addController(e){(this._$EO??=new Set).add(e),this.renderRoot!==void 0&&this.isConnected&&e.hostConnected?.()}removeController(e){this._$EO?.delete(e)}_$E_(){let e=new Map,t=this.constructor.elementProperties;for(let n of t.keys())this.hasOwnProperty(n)&&(e.set(n,this[n]),delete this[n]);e.size>0&&(this._$Ep=e)}createRenderRoot(){let e=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return Co(e,this.constructor.elementStyles),e}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(e=>e.hostConnected?.())}enableUpdating(e){}disconnectedCallback(){this._$EO?.forEach(e=>e.hostDisconnected?.())}attributeChangedCallback(e,t,n){this._$AK(e,n)}_$ET(e,t){let n=this.constructor.elementProperties.get(e),s=this.constructor._$Eu(e,n);if(s!==void 0&&n.reflect===!0){let o=(n.converter?.toAttribute!==void 0?n.converter:$s).toAttribute(t,n.type);this._$Em=e,o==null?this.removeAttribute(s):this.setAttribute(s,o),this._$Em=null}}_$AK(e,t){let n=this.constructor,s=n._$Eh.get(e);if(s!==void 0&&this._$Em!==s){let o=n.getPropertyOptions(s),i=typeof o.converter=="function"?{fromAttribute:o.converter}:o.converter?.fromAttribute!==void 0?o.converter:$s;this._$Em=s;let a=i.fromAttribute(t,o.type);this[s]=a??this._$Ej?.get(s)??a,this._$Em=null}}requestUpdate(e,t,n,s=!1,o){if(e!==void 0){let i=this.constructor;if(s===!1&&(o=this[e]),n??=i.getPropertyOptions(e),!((n.hasChanged??zo)(o,t)||n.useDefault&&n.reflect&&o===this._$Ej?.get(e)&&!this.hasAttribute(i._$Eu(e,n))))return;this.C(e,t,n)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(e,t,{useDefault:n,reflect:s,wrapped:o},i){n&&!(this._$Ej??=new Map).has(e)&&(this._$Ej.set(e,i??t??this[e]),o!==!0||i!==void 0)||(this._$AL.has(e)||(this.hasUpdated||n||(t=void 0),this._$AL.set(e,t)),s===!0&&this._$Em!==e&&(this._$Eq??=new Set).add(e))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(t){Promise.reject(t)}let e=this.scheduleUpdate();return e!=null&&await e,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[s,o]of this._$Ep)this[s]=o;this._$Ep=void 0}let n=this.constructor.elementProperties;if(n.size>0)for(let[s,o]of n){let{wrapped:i}=o,a=this[s];i!==!0||this._$AL.has(s)||a===void 0||this.C(s,void 0,o,a)}}let e=!1,t=this._$AL;try{e=this.shouldUpdate(t),e?(this.willUpdate(t),this._$EO?.forEach(n=>n.hostUpdate?.()),this.update(t)):this._$EM()}catch(n){throw e=!1,this._$EM(),n}e&&this._$AE(t)}willUpdate(e){}_$AE(e){this._$EO?.forEach(t=>t.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(e)),this.updated(e)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(e){return!0}update(e){this._$Eq&&=this._$Eq.forEach(t=>this._$ET(t,this[t])),this._$EM()}updated(e){}firstUpdated(e){}};Le.elementStyles=[],Le.shadowRootOptions={mode:"open"},Le[fn("elementProperties")]=new Map,Le[fn("finalized")]=new Map,dd?.({ReactiveElement:Le}),(_r.reactiveElementVersions??=[]).push("2.1.2");var Es=globalThis,Oo=r=>r,yr=Es.trustedTypes,Wo=yr?yr.createPolicy("lit-html",{createHTML:r=>r}):void 0,Vo="$lit$",Be=`lit$${Math.random().toFixed(9).slice(2)}$`,jo="?"+Be,cd=`<${jo}>`,it=document,yn=()=>it.createComment(""),bn=r=>r===null||typeof r!="object"&&typeof r!="function",Cs=Array.isArray,md=r=>Cs(r)||typeof r?.[Symbol.iterator]=="function",Ms=`[ 	
\f\r]`,_n=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,qo=/-->/g,Io=/>/g,st=RegExp(`>|${Ms}(?:([^\\s"'>=/]+)(${Ms}*=${Ms}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),Po=/'/g,Ho=/"/g,Bo=/^(?:script|style|textarea|title)$/i,Ls=r=>(e,...t)=>({_$litType$:r,strings:e,values:t}),f=Ls(1),A=Ls(2),ih=Ls(3),ve=Symbol.for("lit-noChange"),x=Symbol.for("lit-nothing"),Ko=new WeakMap,ot=it.createTreeWalker(it,129);function Uo(r,e){if(!Cs(r)||!r.hasOwnProperty("raw"))throw Error("invalid template strings array");return Wo!==void 0?Wo.createHTML(e):e}var hd=(r,e)=>{let t=r.length-1,n=[],s,o=e===2?"<svg>":e===3?"<math>":"",i=_n;for(let a=0;a<t;a++){let u=r[a],l,d,c=-1,p=0;for(;p<u.length&&(i.lastIndex=p,d=i.exec(u),d!==null);)p=i.lastIndex,i===_n?d[1]==="!--"?i=qo:d[1]!==void 0?i=Io:d[2]!==void 0?(Bo.test(d[2])&&(s=RegExp("</"+d[2],"g")),i=st):d[3]!==void 0&&(i=st):i===st?d[0]===">"?(i=s??_n,c=-1):d[1]===void 0?c=-2:(c=i.lastIndex-d[2].length,l=d[1],i=d[3]===void 0?st:d[3]==='"'?Ho:Po):i===Ho||i===Po?i=st:i===qo||i===Io?i=_n:(i=st,s=void 0);let m=i===st&&r[a+1].startsWith("/>")?" ":"";o+=i===_n?u+cd:c>=0?(n.push(l),u.slice(0,c)+Vo+u.slice(c)+Be+m):u+Be+(c===-2?a:m)}return[Uo(r,o+(r[t]||"<?>")+(e===2?"</svg>":e===3?"</math>":"")),n]},wn=class r{constructor({strings:e,_$litType$:t},n){let s;this.parts=[];let o=0,i=0,a=e.length-1,u=this.parts,[l,d]=hd(e,t);if(this.el=r.createElement(l,n),ot.currentNode=this.el.content,t===2||t===3){let c=this.el.content.firstChild;c.replaceWith(...c.childNodes)}for(;(s=ot.nextNode())!==null&&u.length<a;){if(s.nodeType===1){if(s.hasAttributes())for(let c of s.getAttributeNames())if(c.endsWith(Vo)){let p=d[i++],m=s.getAttribute(c).split(Be),h=/([.?@])?(.*)/.exec(p);u.push({type:1,index:o,name:h[2],strings:m,ctor:h[1]==="."?Ts:h[1]==="?"?Rs:h[1]==="@"?Ds:Mt}),s.removeAttribute(c)}else c.startsWith(Be)&&(u.push({type:6,index:o}),s.removeAttribute(c));if(Bo.test(s.tagName)){let c=s.textContent.split(Be),p=c.length-1;if(p>0){s.textContent=yr?yr.emptyScript:"";for(let m=0;m<p;m++)s.append(c[m],yn()),ot.nextNode(),u.push({type:2,index:++o});s.append(c[p],yn())}}}else if(s.nodeType===8)if(s.data===jo)u.push({type:2,index:o});else{let c=-1;for(;(c=s.data.indexOf(Be,c+1))!==-1;)u.push({type:7,index:o}),c+=Be.length-1}o++}}static createElement(e,t){let n=it.createElement("template");return n.innerHTML=e,n}};function $t(r,e,t=r,n){if(e===ve)return e;let s=n!==void 0?t._$Co?.[n]:t._$Cl,o=bn(e)?void 0:e._$litDirective$;return s?.constructor!==o&&(s?._$AO?.(!1),o===void 0?s=void 0:(s=new o(r),s._$AT(r,t,n)),n!==void 0?(t._$Co??=[])[n]=s:t._$Cl=s),s!==void 0&&(e=$t(r,s._$AS(r,e.values),s,n)),e}var Ss=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:n}=this._$AD,s=(e?.creationScope??it).importNode(t,!0);ot.currentNode=s;let o=ot.nextNode(),i=0,a=0,u=n[0];for(;u!==void 0;){if(i===u.index){let l;u.type===2?l=new vn(o,o.nextSibling,this,e):u.type===1?l=new u.ctor(o,u.name,u.strings,this,e):u.type===6&&(l=new As(o,this,e)),this._$AV.push(l),u=n[++a]}i!==u?.index&&(o=ot.nextNode(),i++)}return ot.currentNode=it,s}p(e){let t=0;for(let n of this._$AV)n!==void 0&&(n.strings!==void 0?(n._$AI(e,n,t),t+=n.strings.length-2):n._$AI(e[t])),t++}},vn=class r{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,n,s){this.type=2,this._$AH=x,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=n,this.options=s,this._$Cv=s?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=$t(this,e,t),bn(e)?e===x||e==null||e===""?(this._$AH!==x&&this._$AR(),this._$AH=x):e!==this._$AH&&e!==ve&&this._(e):e._$litType$!==void 0?this.$(e):e.nodeType!==void 0?this.T(e):md(e)?this.k(e):this._(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==x&&bn(this._$AH)?this._$AA.nextSibling.data=e:this.T(it.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:n}=e,s=typeof n=="number"?this._$AC(e):(n.el===void 0&&(n.el=wn.createElement(Uo(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===s)this._$AH.p(t);else{let o=new Ss(s,this),i=o.u(this.options);o.p(t),this.T(i),this._$AH=o}}_$AC(e){let t=Ko.get(e.strings);return t===void 0&&Ko.set(e.strings,t=new wn(e)),t}k(e){Cs(this._$AH)||(this._$AH=[],this._$AR());let t=this._$AH,n,s=0;for(let o of e)s===t.length?t.push(n=new r(this.O(yn()),this.O(yn()),this,this.options)):n=t[s],n._$AI(o),s++;s<t.length&&(this._$AR(n&&n._$AB.nextSibling,s),t.length=s)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let n=Oo(e).nextSibling;Oo(e).remove(),e=n}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},Mt=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,n,s,o){this.type=1,this._$AH=x,this._$AN=void 0,this.element=e,this.name=t,this._$AM=s,this.options=o,n.length>2||n[0]!==""||n[1]!==""?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=x}_$AI(e,t=this,n,s){let o=this.strings,i=!1;if(o===void 0)e=$t(this,e,t,0),i=!bn(e)||e!==this._$AH&&e!==ve,i&&(this._$AH=e);else{let a=e,u,l;for(e=o[0],u=0;u<o.length-1;u++)l=$t(this,a[n+u],t,u),l===ve&&(l=this._$AH[u]),i||=!bn(l)||l!==this._$AH[u],l===x?e=x:e!==x&&(e+=(l??"")+o[u+1]),this._$AH[u]=l}i&&!s&&this.j(e)}j(e){e===x?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??"")}},Ts=class extends Mt{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===x?void 0:e}},Rs=class extends Mt{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==x)}},Ds=class extends Mt{constructor(e,t,n,s,o){super(e,t,n,s,o),this.type=5}_$AI(e,t=this){if((e=$t(this,e,t,0)??x)===ve)return;let n=this._$AH,s=e===x&&n!==x||e.capture!==n.capture||e.once!==n.once||e.passive!==n.passive,o=e!==x&&(n===x||s);s&&this.element.removeEventListener(this.name,this,n),o&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},As=class{constructor(e,t,n){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(e){$t(this,e)}};var pd=Es.litHtmlPolyfillSupport;pd?.(wn,vn),(Es.litHtmlVersions??=[]).push("3.3.3");var Fo=(r,e,t)=>{let n=t?.renderBefore??e,s=n._$litPart$;if(s===void 0){let o=t?.renderBefore??null;n._$litPart$=s=new vn(e.insertBefore(yn(),o),o,void 0,t??{})}return s._$AI(r),s};var Ns=globalThis,Ue=class extends Le{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let e=super.createRenderRoot();return this.renderOptions.renderBefore??=e.firstChild,e}update(e){let t=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(e),this._$Do=Fo(t,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return ve}};Ue._$litElement$=!0,Ue.finalized=!0,Ns.litElementHydrateSupport?.({LitElement:Ue});var gd=Ns.litElementPolyfillSupport;gd?.({LitElement:Ue});(Ns.litElementVersions??=[]).push("4.2.2");var zs=[1,2,4,8,16,30],fd=9e5,_d=15e3,yd=40,at,St,kr=class{constructor(){w(this,at,new Set);w(this,St,!1)}get size(){return g(this,at).size}add(e){g(this,at).add(e)}delete(e){g(this,at).delete(e)}tell(){g(this,St)||($(this,St,!0),requestAnimationFrame(()=>{$(this,St,!1);for(let e of[...g(this,at)])e()}))}};at=new WeakMap,St=new WeakMap;var xn,Tt,Fe,Rt,ie,xe,Ge,Ze,Dt,kn,K,Zo,$n,br,wr,vr,Qo,Ws,Os=class{constructor(e,t){w(this,K);this.liveAt=0;w(this,xn,0);w(this,Tt,!1);this.shown={};w(this,Fe);w(this,Rt);w(this,ie,new kr);w(this,xe,new Map);w(this,Ge);w(this,Ze,0);w(this,Dt,0);w(this,kn);w(this,$n,()=>{$(this,Ge,void 0),_(this,K,vr).call(this),_(this,K,br).call(this),_(this,K,wr).call(this)});$(this,Fe,e),$(this,Rt,t)}get now(){return Date.now()-g(this,xn)}listen(e){return g(this,ie).add(e),g(this,ie).size===1&&(this.liveAt=Date.now(),g(this,Fe).addEventListener("ready",g(this,$n)),_(this,K,wr).call(this)),()=>{g(this,ie).delete(e),!g(this,ie).size&&(g(this,Fe).removeEventListener("ready",g(this,$n)),_(this,K,vr).call(this),_(this,K,br).call(this))}}show(e){Object.assign(this.shown,e),g(this,ie).tell()}get(e,t,n=this.quarterHour){let s=JSON.stringify([e,t]),o=g(this,xe).get(s);o||(o={period:"",isPending:!1,tries:0,retryAt:0}),g(this,xe).delete(s),g(this,xe).set(s,o);let[i]=g(this,xe).keys();return g(this,xe).size>yd&&g(this,xe).delete(i),this.live&&o.period!==n&&Date.now()>=o.retryAt&&!o.isPending&&g(this,ie).size&&_(this,K,Zo).call(this,o,{type:e,...t},n),o}get quarterHour(){return this.live?.quarter_hour?.start??String(Math.floor((Date.now()-_d)/fd))}};xn=new WeakMap,Tt=new WeakMap,Fe=new WeakMap,Rt=new WeakMap,ie=new WeakMap,xe=new WeakMap,Ge=new WeakMap,Ze=new WeakMap,Dt=new WeakMap,kn=new WeakMap,K=new WeakSet,Zo=async function(e,t,n){e.isPending=!0;let s=g(this,Fe);try{e.value=await s.sendMessagePromise({...t,entry_id:g(this,Rt)}),delete e.error,e.tries=0,e.period=n}catch(o){e.error=Is(o),e.retryAt=Date.now()+1e3*(zs[e.tries]??30),e.tries+=1,setTimeout(()=>g(this,ie).tell(),e.retryAt-Date.now()+50)}e.isPending=!1,g(this,ie).tell()},$n=new WeakMap,br=function(){for(let e of g(this,xe).values())Object.assign(e,{period:"",tries:0,retryAt:0})},wr=function(){let e=++Do(this,Ze)._;$(this,Tt,!1);let t={type:"smarty_p1/live",entry_id:g(this,Rt)},n={resubscribe:!1},s=g(this,Fe).subscribeMessage(o=>e===g(this,Ze)&&_(this,K,Qo).call(this,o),t,n);$(this,Ge,s),s.then(()=>e===g(this,Ze)&&$(this,Dt,0),o=>e===g(this,Ze)&&_(this,K,Ws).call(this,Is(o)))},vr=function(){$(this,Ze,g(this,Ze)+1),clearTimeout(g(this,kn));let e=g(this,Ge);$(this,Ge,void 0),e?.then(t=>t()).catch(()=>{})},Qo=function(e){let t=this.live?.gone,[n,s]=[this.live?.received_at,e.received_at].map(o=>Date.parse(o??""));g(this,Tt)&&s>n&&$(this,xn,Date.now()-s),$(this,Tt,!0),this.live=e.gone?{...this.live,...e}:e,this.liveAt=Date.now(),(e.gone||t)&&_(this,K,br).call(this),e.state==="unauthorized"&&(_(this,K,vr).call(this),_(this,K,Ws).call(this,e.state)),g(this,ie).tell()},Ws=function(e){$(this,Ge,void 0),e==="unauthorized"&&(this.live={state:"unauthorized",obstacle:null,remedy:null,gone:!0}),$(this,kn,setTimeout(()=>_(this,K,wr).call(this),1e3*(zs[g(this,Dt)]??30))),$(this,Dt,g(this,Dt)+1),g(this,ie).tell()};var Qe,Mn,pe,Sn,At,Tn,Et,Ct,ut,Ye,xr,Yo,qs=class{constructor(e){w(this,Ye);w(this,Qe);w(this,Mn,new Map);w(this,pe,new kr);w(this,Sn);w(this,At);w(this,Tn,new Map);w(this,Et,0);w(this,Ct);w(this,ut,()=>{_(this,Ye,xr).call(this)});$(this,Qe,e)}feed(e){let t=g(this,Mn).get(e);return t||(t=new Os(g(this,Qe),e),g(this,Mn).set(e,t)),t}get chosen(){return this.list?.find(({entry_id:e})=>e===g(this,Sn))??this.list?.[0]}choose(e){$(this,Sn,e),g(this,pe).tell()}listen(e){return g(this,pe).add(e),g(this,pe).size===1&&(g(this,Qe).addEventListener("ready",g(this,ut)),g(this,ut).call(this)),()=>{g(this,pe).delete(e),!g(this,pe).size&&(g(this,Qe).removeEventListener("ready",g(this,ut)),clearTimeout(g(this,Ct)))}}async known(e){let t=new Promise(n=>setTimeout(n,e));return await Promise.race([_(this,Ye,xr).call(this),t]),this.list}refresh(e,t){t===g(this,Tn).get(e)||!g(this,pe).size||(g(this,Tn).set(e,t),_(this,Ye,xr).call(this))}};Qe=new WeakMap,Mn=new WeakMap,pe=new WeakMap,Sn=new WeakMap,At=new WeakMap,Tn=new WeakMap,Et=new WeakMap,Ct=new WeakMap,ut=new WeakMap,Ye=new WeakSet,xr=function(){return g(this,At)??$(this,At,_(this,Ye,Yo).call(this).finally(()=>$(this,At,void 0))),g(this,At)},Yo=async function(){clearTimeout(g(this,Ct));try{let{meters:e}=await g(this,Qe).sendMessagePromise({type:"smarty_p1/meters"});this.list=e.map(t=>bd(t,this.list?.find(({entry_id:n})=>n===t.entry_id))),this.error=void 0,$(this,Et,0)}catch(e){this.error=Is(e),g(this,pe).size&&$(this,Ct,setTimeout(g(this,ut),1e3*(zs[g(this,Et)]??30))),$(this,Et,g(this,Et)+1)}g(this,pe).tell()};function bd(r,e){if(!e||r.state==="receiving")return r;let{media:t,phases:n,feeds_in:s,connection_kva:o,known_since:i}=e;return{...r,media:r.media.length?r.media:t,phases:r.phases??n,feeds_in:r.feeds_in??s,connection_kva:r.connection_kva??o,known_since:r.known_since??i}}var Go=new WeakMap;function Rn(r){let e=Go.get(r);return e||Go.set(r,e=new qs(r)),e}function Is(r){let{code:e}=r??{};return typeof e=="string"?e:"not_answered"}function E(r,e=0){let t=10**e,n=Math.floor(Math.abs(r)*t+.5+1e-7);return n===0?0:Math.sign(r)*n/t}function $r(r,e=0){let t=10**e;return Math.floor(r*t+1e-7)/t||0}function Dn(r,e=0){let t=10**e;return Math.ceil(r*t-1e-7)/t||0}function Lt(r,e=2,t){let n=10**e,s=r.map(l=>l*n),o=Math.round(E(t??r.reduce((l,d)=>l+d,0),e)*n),i=s.map(l=>Math.floor(l+1e-7)),a=o-i.reduce((l,d)=>l+d,0),u=s.map((l,d)=>({index:d,lost:l-i[d]})).sort((l,d)=>d.lost-l.lost||l.index-d.index);for(let l=0;a>0&&u.length;l=(l+1)%u.length,a-=1)i[u[l].index]+=1;for(let l=u.length-1;a<0&&l>=0;l-=1,a+=1)i[u[l].index]-=1;return i.map(l=>l/n||0)}var Jo={en:{meter:"Meter",no_meter:"No meter yet",add_meter:"Add a meter",not_allowed:"You may not see this meter, or it has been removed. An administrator can let you read its entities.",loading:"One moment…",not_answered:"Home Assistant does not answer. The card tries again by itself.",show_table:"Show as table",hide_table:"Hide the table",last:"last {time}",nothing_yet:"Nothing known yet. It appears here with the first whole quarter-hour.",not_read:"This meter is not being read at the moment.",months:"January February March April May June July August September October November December",weekdays:"Monday Tuesday Wednesday Thursday Friday Saturday Sunday"},de:{meter:"Zähler",no_meter:"Noch kein Zähler",add_meter:"Zähler hinzufügen",not_allowed:"Du darfst diesen Zähler nicht sehen, oder er wurde entfernt. Ein Administrator kann dich seine Entitäten lesen lassen.",loading:"Einen Moment …",not_answered:"Home Assistant antwortet nicht. Die Karte versucht es von selbst wieder.",show_table:"Als Tabelle zeigen",hide_table:"Tabelle ausblenden",last:"zuletzt {time}",nothing_yet:"Noch nichts bekannt. Es erscheint hier mit der ersten ganzen Viertelstunde.",not_read:"Dieser Zähler wird zurzeit nicht gelesen.",months:"Januar Februar März April Mai Juni Juli August September Oktober November Dezember",weekdays:"Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"},fr:{meter:"Compteur",no_meter:"Pas encore de compteur",add_meter:"Ajouter un compteur",not_allowed:"Vous n'avez pas le droit de voir ce compteur, ou il a été supprimé. Un administrateur peut vous laisser lire ses entités.",loading:"Un instant…",not_answered:"Home Assistant ne répond pas. La carte réessaie d'elle-même.",show_table:"Afficher en tableau",hide_table:"Masquer le tableau",last:"dernier {time}",nothing_yet:"Rien de connu pour l'instant. Cela apparaît ici avec le premier quart d'heure entier.",not_read:"Ce compteur n'est pas lu en ce moment.",months:"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",weekdays:"lundi mardi mercredi jeudi vendredi samedi dimanche"},lb:{meter:"Compteur",no_meter:"Nach kee Compteur",add_meter:"Compteur dobäisetzen",not_allowed:"Dir däerft dëse Compteur net gesinn, oder en ass ewechgeholl ginn. En Administrateur kann Iech seng Entitéite liese loossen.",loading:"Ee Moment …",not_answered:"Home Assistant äntwert net. D'Kaart probéiert et vu selwer nach eng Kéier.",show_table:"Als Tabell weisen",hide_table:"Tabell verstoppen",last:"fir d'lescht {time}",nothing_yet:"Nach näischt bekannt. Et erschéngt hei mat der éischter ganzer Véierelstonn.",not_read:"Dëse Compteur gëtt de Moment net gelies.",months:"Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember",weekdays:"Méindeg Dënschdeg Mëttwoch Donneschdeg Freideg Samschdeg Sonndeg"},pt:{meter:"Contador",no_meter:"Ainda sem contador",add_meter:"Adicionar um contador",not_allowed:"Não tem permissão para ver este contador, ou ele foi removido. Um administrador pode deixá-lo ler as suas entidades.",loading:"Um momento…",not_answered:"O Home Assistant não responde. O cartão volta a tentar por si.",show_table:"Mostrar como tabela",hide_table:"Ocultar a tabela",last:"último {time}",nothing_yet:"Ainda nada conhecido. Aparece aqui com o primeiro quarto de hora completo.",not_read:"Este contador não está a ser lido neste momento.",months:"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",weekdays:"segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"}};var vd=["en","de","fr","lb","pt"],ti="Europe/Luxembourg",Xo=" ",xd={comma_decimal:"en-US",decimal_comma:"de",space_comma:"fr",quote_decimal:"de-CH"},An;function ni(r,e){return(!An||An.formats!==r||An.language!==e)&&(An={formats:r,language:e,locale:new ze(r,e)}),An.locale}var Ne,En,Cn,Nt,Ln,Nn,X,Ps,ke,ze=class{constructor(e,t=e.language){w(this,X);w(this,Ne);w(this,En);w(this,Cn);w(this,Nt);w(this,Ln,new Map);w(this,Nn,new Map);let[n]=t.split("-");this.language=vd.find(o=>o===n)??"en";let s=Intl.DateTimeFormat.supportedLocalesOf([t]).length>0;$(this,Ne,s&&this.language===n?t:this.language==="lb"?"de":this.language),$(this,En,e.number_format==="system"?void 0:xd[e.number_format]??(e.number_format==="language"?g(this,Ne):"en-US")),$(this,Cn,e.number_format!=="none"),$(this,Nt,kd(e,g(this,Ne)))}text(e,t,n={}){return(e[this.language][t]??e.en[t]??t).replace(/\{(\w+)\}/g,(o,i)=>String(n[i]??o))}common(e,t={}){return this.text(Jo,e,t)}count(e,t,n,s={}){let o=new Intl.PluralRules(g(this,Ne)).select(n)==="one";return this.text(e,`${t}_${o?"one":"other"}`,{count:this.number(n),...s})}number(e,t=0){let n=g(this,Nn).get(t);if(!n){let s={minimumFractionDigits:t,maximumFractionDigits:t};n=new Intl.NumberFormat(g(this,En),{...s,useGrouping:g(this,Cn)}),g(this,Nn).set(t,n)}return n.format(E(e,t)).replace(/^-/,"−").replace(/\s/g,Xo)}signed(e,t=0){return E(e,t)>0?`+${this.number(e,t)}`:this.number(e,t)}unit(e,t,n=0){return`${this.number(e,n)}${Xo}${t}`}kW(e){return this.unit(e,"kW",$e(e))}referenceKW(e){return this.unit(e,"kW",Number.isInteger(e)?0:1)}kWh(e,t=1){return this.unit(e,"kWh",t)}cents(e){return this.unit(e,"€",2)}euros(e){return this.unit(e,"€",0)}percent(e,t=0){let n=e*100,s=e<1?Math.min(n,100-10**-t):n;return this.language==="en"?`${this.number(s,t)}%`:this.unit(s,"%",t)}time(e,t=!1){return _(this,X,ke).call(this,t?"seconds":"time",e)}timeRange(e,t){return g(this,Nt)?D(e)!==D(t)?`${this.time(e)} – ${this.time(t)}`:_(this,X,Ps).call(this,"time").formatRange(e,t):`${this.time(e)}–${this.time(t)}`}weekday(e){return _(this,X,ke).call(this,"weekday",e)}shortWeekday(e){return _(this,X,ke).call(this,"shortWeekday",e)}day(e){return _(this,X,ke).call(this,"day",e)}shortDay(e){return _(this,X,ke).call(this,"shortDay",e)}date(e){return _(this,X,ke).call(this,"date",e)}month(e){return _(this,X,ke).call(this,"month",e)}shortMonth(e){return _(this,X,ke).call(this,"shortMonth",e)}monthYear(e){return _(this,X,ke).call(this,"monthYear",e)}};Ne=new WeakMap,En=new WeakMap,Cn=new WeakMap,Nt=new WeakMap,Ln=new WeakMap,Nn=new WeakMap,X=new WeakSet,Ps=function(e){let t=g(this,Ln).get(e);if(!t){let n=e==="time"||e==="seconds",s=g(this,Nt)?{hour12:!0,hour:"numeric"}:{hourCycle:"h23"},o=g(this,Ne)==="en"&&!n?"en-GB":g(this,Ne);t=new Intl.DateTimeFormat(o,{timeZone:ti,...ei[e],...n?s:{}}),g(this,Ln).set(e,t)}return t},ke=function(e,t){let n=_(this,X,Ps).call(this,e);if(this.language!=="lb")return n.format(t).replace(",","");let{month:s,weekday:o}=ei[e],i=(l,d,c)=>{let p=this.common(l).split(" ")[c]??"";return d==="short"?p.slice(0,l==="months"?3:2):p},{monthIndex:a,dayOfWeek:u}=ne(t);return n.formatToParts(t).map(l=>l.type==="month"&&s!=="numeric"?i("months",s,a):l.type==="weekday"?i("weekdays",o,u):l.value).join("").replace(",","")};var ei={time:{hour:"2-digit",minute:"2-digit"},seconds:{hour:"2-digit",minute:"2-digit",second:"2-digit"},weekday:{weekday:"long",day:"numeric",month:"long"},shortWeekday:{weekday:"short",day:"numeric"},day:{day:"numeric",month:"long"},shortDay:{day:"numeric",month:"short"},date:{day:"numeric",month:"long",year:"numeric"},month:{month:"long"},shortMonth:{month:"short"},monthYear:{month:"long",year:"numeric"}},$e=r=>Math.abs(r)<99.95?1:0;function kd({time_format:r},e){if(r!=="language"&&r!=="system")return r==="12";let t=r==="language"?e:void 0;return new Date(2023,0,1,22).toLocaleTimeString(t,{hour:"numeric"}).includes("10")}var $d=new Intl.DateTimeFormat("en-GB",{timeZone:ti,year:"numeric",month:"numeric",day:"numeric",hour:"numeric",minute:"numeric",weekday:"short",hourCycle:"h23"});function ne(r){let e=Object.fromEntries($d.formatToParts(r).map(({type:t,value:n})=>[t,n]));return{year:Number(e.year),monthIndex:Number(e.month)-1,day:Number(e.day),hour:Number(e.hour),minute:Number(e.minute),dayOfWeek:["Mon","Tue","Wed","Thu","Fri","Sat","Sun"].indexOf(e.weekday??"")}}function D(r){let{year:e,monthIndex:t,day:n}=ne(r);return`${e}-${String(t+1).padStart(2,"0")}-${String(n).padStart(2,"0")}`}function z(r){let e=new Date(`${r}T00:00:00Z`);for(let t of[1,2]){let n=new Date(e.getTime()-t*36e5);if(ne(n).hour===0&&D(n)===r)return n}return e}function j(r,e){return new Date(Date.parse(`${r}T00:00:00Z`)+e*864e5).toISOString().slice(0,10)}function U(r,e){let[t=0,n=1]=r.split("-").map(Number);return new Date(Date.UTC(t,n-1+e)).toISOString().slice(0,7)}var Hs=3,ri=O`
  .chooser {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    gap: 4px;
    margin: -7px -7px 8px;
  }
  .chooser button {
    min-width: 0;
    padding: 4px 8px;
    font-size: 13px;
    line-height: 18px;
    text-align: start;
    display: flex;
    flex-direction: column;
    justify-content: space-between;
  }
  .chooser button > * {
    overflow: hidden;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .chooser small {
    color: inherit;
  }
  .chooser [aria-checked="true"] {
    background: var(--chosen);
  }
  .chooser [aria-checked="true"] b {
    font-weight: 500;
  }
  .chooser b {
    font-weight: 400;
  }
  select.chooser {
    width: calc(100% + 14px);
    min-height: 44px;
    padding: 0 8px;
    font: inherit;
    color: inherit;
    background: var(--chosen);
    border: 0;
    border-radius: 8px;
  }
`;function si(r,e,t,n){return e.length>Hs?f`<select class="chooser" aria-label=${r} @change=${o=>n(o.target.value)}>
      ${e.map(({id:o,name:i})=>f`<option value=${o} ?selected=${o===t}>${i}</option>`)}
    </select>`:f`<div class="chooser" role="radiogroup" aria-label=${r} @keydown=${o=>{let i={ArrowLeft:-1,ArrowUp:-1,ArrowRight:1,ArrowDown:1}[o.key];if(!i)return;o.preventDefault();let u=(e.findIndex(({id:l})=>l===t)+i+e.length)%e.length;n(e[u].id),o.currentTarget.querySelectorAll("button")[u]?.focus()}}>
    ${e.map(({id:o,name:i,detail:a})=>f`<button
        role="radio"
        aria-checked=${o===t?"true":"false"}
        tabindex=${o===t?0:-1}
        @click=${()=>n(o)}
      >
        <b>${i}</b>${a?f`<small>${a}</small>`:x}
      </button>`)}
  </div>`}var oi=({title:r,serial_number:e})=>e?r.replace(e,`…⁠${e.slice(-6)}`):r;function ge(r){let e=r.split("**");return f`${e.map((t,n)=>n%2?f`<b>${t}</b>`:t)}`}var me=r=>r.replaceAll("**","");function ii(r,e,t){return f`<div class="scroll" tabindex="0" role="region" aria-label=${r}>
    <table class="behind">
      <caption class="hidden">${r}</caption>
      <thead>
        <tr>${e.map(n=>f`<th scope="col">${n}</th>`)}</tr>
      </thead>
      <tbody>
        ${t.map(n=>f`<tr>${n.map((s,o)=>o?f`<td>${s}</td>`:f`<th scope="row">${s}</th>`)}</tr>`)}
      </tbody>
    </table>
  </div>`}function Mr(r,e){return A`<pattern id=${r} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <rect width="5" height="5" fill=${e} fill-opacity="0.18"></rect>
    <rect width="2.5" height="5" fill=${e}></rect>
  </pattern>`}function Sr(r,e,t){let n=(s,o,i)=>f`<button aria-label=${s} title=${s} aria-disabled=${i?"false":"true"} @click=${i}>
      <ha-icon icon=${o} style="pointer-events:none"></ha-icon>
    </button>`;return f`<header class="turn">
    ${n(e.earlier,"mdi:chevron-left",t.earlier)}
    <h2 aria-live="polite">${r}</h2>
    ${n(e.later,"mdi:chevron-right",t.later)}
  </header>`}var F=O`
  :host {
    display: block;
    height: 100%;
    --drawn: var(--energy-grid-consumption-color, #488fc2);
    --fed-in: var(--energy-grid-return-color, #8353d1);
    --excess: var(--error-color, #db4437);
    --quiet: var(--secondary-text-color);
    --ground: var(--ha-card-background, var(--card-background-color, #fff));
    /* Small text in a colour keeps a contrast of 4.5:1 that the bare colours do not have. */
    --excess-text: color-mix(in srgb, var(--excess) 75%, var(--primary-text-color));
    --link: color-mix(in srgb, var(--primary-color) 65%, var(--primary-text-color));
    --track: color-mix(in srgb, var(--primary-text-color) 6%, var(--ground));
    --chosen: color-mix(in srgb, var(--primary-text-color) 7%, var(--ground));
  }
  ha-card {
    box-sizing: border-box;
    display: flex;
    flex-direction: column;
    height: 100%;
    padding: 15px;
    container-type: inline-size;
    font-size: 16px;
    line-height: 24px;
    font-variant-numeric: tabular-nums;
    color: var(--primary-text-color);
    overflow-wrap: anywhere;
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    gap: 8px;
  }
  h2 {
    margin: 0;
    font-size: 16px;
    font-weight: 500;
  }
  p {
    margin: 0;
  }
  small,
  .small {
    font-size: 13px;
    line-height: 18px;
    color: var(--quiet);
  }
  .big {
    font-size: 48px;
    line-height: 56px;
    font-weight: 400;
    white-space: nowrap;
  }
  .big small {
    font-size: 16px;
  }
  b {
    font-weight: 500;
  }
  .excess {
    color: var(--excess-text);
  }
  .number {
    text-align: right;
    white-space: nowrap;
  }
  .dot {
    display: inline-block;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    margin-inline-end: 8px;
    background: currentColor;
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    margin: 0;
    min-width: 44px;
    min-height: 44px;
    cursor: pointer;
    border-radius: 8px;
  }
  button.plain {
    min-width: 0;
    min-height: 0;
    text-align: inherit;
  }
  button[aria-disabled="true"] {
    cursor: default;
    color: var(--disabled-text-color, var(--quiet));
    opacity: 0.5;
  }
  a,
  .link {
    color: var(--link);
    font-weight: 500;
    text-decoration: none;
  }
  a {
    display: inline-flex;
    align-items: center;
    min-height: 44px;
  }
  :focus-visible {
    outline: 2px solid var(--link);
    outline-offset: 2px;
  }
  svg,
  canvas {
    display: block;
    width: 100%;
    overflow: visible;
    touch-action: pan-y;
  }
  svg text {
    font-size: 13px;
    fill: var(--quiet);
  }
  footer {
    margin-top: auto;
    padding-top: 8px;
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    align-items: center;
    gap: 0 16px;
  }
  footer a {
    font-size: 13px;
  }
  footer .link {
    margin-inline-start: auto;
    font-size: 13px;
    min-height: 44px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  .scroll {
    max-height: 320px;
    overflow: auto;
  }
  .behind th,
  .behind td {
    font-size: 13px;
    line-height: 18px;
    padding: 4px 0 4px 12px;
    text-align: right;
    border-top: 1px solid var(--divider-color);
    font-weight: 400;
    overflow-wrap: normal;
  }
  .behind tr > :first-child {
    text-align: left;
    padding-left: 0;
  }
  .banner {
    margin: -15px -15px 12px;
    padding: 12px 15px 4px 12px;
    border-inline-start: 4px solid var(--excess);
    border-radius: var(--ha-card-border-radius, 12px) var(--ha-card-border-radius, 12px) 0 0;
    background: color-mix(in srgb, var(--excess) 12%, var(--ground));
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  ${ri}
  @media (prefers-reduced-motion: no-preference) {
    .moves {
      transition: width 0.3s;
    }
  }
`;var Md=15e3,Sd=6e4,Me,ae,lt,Se,zt,Ot,zn,On,Wn,Je,Wt,qt,ai,ui,P=class extends Ue{constructor(){super(...arguments);w(this,qt);w(this,Me);w(this,ae);w(this,lt);w(this,Se,[]);w(this,zt);w(this,Ot,!1);w(this,zn);w(this,On,"");w(this,Wn,0);w(this,Je,()=>{for(let t of g(this,Se))t();$(this,Se,[]),$(this,lt,void 0),clearInterval(g(this,zn)),!(!g(this,Me)||!g(this,Ot)||document.hidden)&&($(this,ae,Rn(g(this,Me).connection)),$(this,zn,setInterval(g(this,Wt),Md)),$(this,Se,[g(this,ae).listen(g(this,Wt))]),g(this,Wt).call(this))});w(this,Wt,()=>this.requestUpdate())}otherFeeds(){return[]}static getStubConfig(){return{}}static getConfigForm(){return{schema:[{name:"entry_id",selector:{config_entry:{integration:"smarty_p1"}}}],computeLabel:()=>fe().common("meter")}}getGridOptions(){return{columns:12,min_columns:6,rows:"auto"}}getCardSize(){return 5}setConfig(t){if(!t||t.entry_id!==void 0&&typeof t.entry_id!="string")throw new Error("entry_id: the id of a meter, as text");this.config=t}set hass(t){let n=g(this,Me);$(this,Me,t);let s=n&&n.locale===t.locale&&n.language===t.language&&n.themes===t.themes;(!n||n.locale!==t.locale||n.language!==t.language)&&(this.locale=ni(t.locale,t.language),this.lang=this.locale.language,this.dir="ltr"),n?.connection!==t.connection&&g(this,Je).call(this),s||this.requestUpdate()}get hass(){return g(this,Me)}connectedCallback(){super.connectedCallback(),$(this,zt,new IntersectionObserver(t=>{$(this,Ot,t.at(-1)?.isIntersecting??!1),g(this,Je).call(this)})),g(this,zt).observe(this),document.addEventListener("visibilitychange",g(this,Je))}disconnectedCallback(){super.disconnectedCallback(),g(this,zt)?.disconnect(),$(this,Ot,!1),document.removeEventListener("visibilitychange",g(this,Je)),g(this,Je).call(this)}get meter(){let t=this.config?.entry_id;return t?g(this,ae)?.list?.find(({entry_id:n})=>n===t):g(this,ae)?.chosen}get meters(){return this.config.entry_id?void 0:g(this,ae)}willUpdate(t){let n=this.meter;if(!n||!g(this,ae)||!g(this,Se).length)return;let s=g(this,ae).feed(n.entry_id),o=[s,...this.otherFeeds()];if(s!==g(this,lt)||o.length!==g(this,Se).length-1){$(this,lt,s);let i=g(this,Se).splice(1);g(this,Se).push(...o.map(a=>a.listen(()=>this.requestUpdate())));for(let a of i)a()}s.live&&g(this,ae).refresh(n.entry_id,`${s.live.state} ${s.quarterHour}`)}render(){if(!this.locale||!this.config)return x;let t=this.meter,n=g(this,lt)??(t&&g(this,ae)?.feed(t.entry_id)),s=n?.live?.state==="unauthorized"||n?.live?.state==="removed",o=t&&n&&!s?this.content(t,n):_(this,qt,ai).call(this,s);return f`<ha-card role="article">${this.config.chooser&&t?this.chooser(t):x}${o}</ha-card>`}chooser(t,n=()=>""){let{meters:s}=this,o=s?.list??[];if(!s||o.length<2)return x;let i=o.map(a=>({id:a.entry_id,name:this.hass?.devices[a.device_id??""]?.name_by_user||oi(a),detail:n(s.feed(a.entry_id))}));return si(this.locale.common("meter"),i,t.entry_id,a=>s.choose(a))}waiting(t){let s=t?{not_answered:"not_answered",unreadable:"not_answered",not_loaded:"not_read"}[t]??"nothing_yet":"loading";return f`<p class="small" role="status">${this.locale.common(s)}</p>`}text(t,n,s={}){return this.locale.text(t,n,s)}link(t,n){return f`<a href=${t} @click=${s=>_(this,qt,ui).call(this,s,t)}>${n}</a>`}moreInfo(t,n,s,o=this.meter?.device_id){let i=Object.values(g(this,Me)?.entities??{}).find(l=>l.platform==="smarty_p1"&&l.translation_key===t&&l.device_id===o);if(!i)return f`${n}`;let a={entityId:i.entity_id};return f`<button class="plain" title=${s} @click=${()=>this.dispatchEvent(new CustomEvent("hass-more-info",{bubbles:!0,composed:!0,detail:a}))}>${n}</button>`}tableButton(){let t=this.isTableShown?"hide_table":"show_table",n=()=>this.isTableShown=!this.isTableShown;return f`<button class="link" aria-expanded=${!!this.isTableShown} @click=${n}>${this.locale.common(t)}</button>`}table(t,n,s){return this.isTableShown?ii(t,n,s()):x}sentence(t,n=""){return Date.now()-g(this,Wn)>=Sd&&($(this,On,t.replaceAll("**","")),$(this,Wn,Date.now())),f`<p class="sentence ${n}" aria-live="off">${ge(t)}</p>
      <span class="hidden" aria-live="polite">${g(this,On)}</span>`}isOld(t,n=60){let s=t.live?.received_at;return!!t.live?.gone||s!=null&&t.now-Date.parse(s)>n*1e3}stamp(t){let n=t.live?.received_at;if(!n)return x;let s=new Date(n),o=this.locale.time(s,!0),i=D(s)===D(new Date(t.now))?o:`${this.locale.shortDay(s)}, ${o}`;return f`<small class="number">${this.isOld(t)?this.locale.common("last",{time:i}):i}</small>`}};Me=new WeakMap,ae=new WeakMap,lt=new WeakMap,Se=new WeakMap,zt=new WeakMap,Ot=new WeakMap,zn=new WeakMap,On=new WeakMap,Wn=new WeakMap,Je=new WeakMap,Wt=new WeakMap,qt=new WeakSet,ai=function(t=!1){let{list:n,error:s}=g(this,ae)??{},o=a=>this.locale.common(a);return n?t||this.config.entry_id?f`<p role="status">${o("not_allowed")}</p>`:f`<h2>${o("no_meter")}</h2>
      ${g(this,Me)?.user?.is_admin?this.link("/config/integrations/dashboard/add?domain=smarty_p1",o("add_meter")):f`<p>${o("not_allowed")}</p>`}`:f`<p class="small" role="status">${o(s?"not_answered":"loading")}</p>`},ui=function(t,n){t.ctrlKey||t.metaKey||t.shiftKey||(t.preventDefault(),Ks(n))},P.styles=F,P.properties={config:{state:!0},isTableShown:{state:!0}};function Ks(r){history.pushState(null,"",r),window.dispatchEvent(new CustomEvent("location-changed",{detail:{replace:!1}}))}function fe(){let r=document.querySelector("home-assistant"),e=r?.hass?.locale??{language:navigator.language,number_format:"language",time_format:"language"};return new ze(e,r?.hass?.language)}var li={en:{name:"Smarty: bill",description:"A month's bill, line by line as on paper",earlier:"Month before",later:"Month after",until:"until {day}, {time}",measured:"{share} measured",so_far:"so far",receive_so_far:"to receive so far",receive:"to receive",forecast:"About **{total}** by {day}",forecast_receive:"About **{total}** to receive by {day}",energy:"Energy",energy_second:"Energy, second price",energy_fee:"Energy, monthly fee",discount:"Discount",network_fixed:"Network, {R}",network_fixed_plain:"Network, fixed part",network_variable:"Network, per kWh",meter:"Meter",surcharge:"Above {R}",surcharge_plain:"Above the reference power",electricity_tax:"Electricity tax",compensation:"Compensation fund",feed_in:"Fed in",unpriced:"Energy without a price",unpriced_fed_in:"Fed in without a price",net:"Net",vat:"VAT",pay:"To pay",to_receive:"To receive",grid_alone:"Grid alone",so_many_days:"{days} of {all} days × {price}",one_month:"1 month × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} on average",price_missing:"price missing",energy_missing:"Enter the price of your energy and the bill adds up here.",other_missing:"A price of this bill is not known. Enter it and the bill adds up here.",enter_prices:"Enter the prices",by_administrator:"An administrator can do that.",no_reference_power:"Which reference power your contract has is on your bill. Once it is entered, the bill adds up here.",enter_reference:"Enter the reference power",nothing_counted:"Nothing has been counted yet. The bill begins with the first quarter-hour.",not_loaded:"The meter is not being read at the moment. The bill is here again as soon as it is.",on_top:"Energy above {R} is priced on top of the network price.",instead:"Energy above {R} bears the surcharge instead of the network price.",without_vat:"Prices and amounts are without VAT.",since:"Counted since {day}; the paper bill has the whole month.",note_unpriced:"{kwh} came while their price was not known: they are not in the amounts.",note_unsplit:"{kwh} have the first price: at which hours they came is not known.",note_shared:"{kwh} came from energy sharing: no energy price and no levies on them.",note_shared_part:"Sharing is known for {known} of {all} so far.",note_less_network:"The operator may charge less for the network.",note_estimated:"{count} of {all} quarter-hours are estimated by the grid operator.",note_platform:"{count} of {all} quarter-hours come from Leneda.",column_line:"Line",column_quantity:"Quantity × price",column_amount:"Amount in €",title:"Bill"},de:{name:"Smarty: Rechnung",description:"Die Rechnung eines Monats, Zeile für Zeile wie auf Papier",earlier:"Monat davor",later:"Monat danach",until:"bis {day}, {time}",measured:"{share} gemessen",so_far:"bisher",receive_so_far:"zu bekommen, bisher",receive:"zu bekommen",forecast:"Etwa **{total}** bis {day}",forecast_receive:"Etwa **{total}** zu bekommen bis {day}",energy:"Energie",energy_second:"Energie, zweiter Preis",energy_fee:"Energieprämie",discount:"Rabatt",network_fixed:"Netz, {R}",network_fixed_plain:"Netz, fester Teil",network_variable:"Netz, je kWh",meter:"Zähler",surcharge:"Über {R}",surcharge_plain:"Über der Referenzleistung",electricity_tax:"Stromsteuer",compensation:"Ausgleichsfonds",feed_in:"Eingespeist",unpriced:"Energie ohne Preis",unpriced_fed_in:"Eingespeist ohne Preis",net:"Netto",vat:"MwSt.",pay:"Zu zahlen",to_receive:"Zu bekommen",grid_alone:"Netz allein",so_many_days:"{days} von {all} Tagen × {price}",one_month:"1 Monat × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} im Mittel",price_missing:"Preis fehlt",energy_missing:"Gib den Preis deiner Energie ein, dann geht die Rechnung hier auf.",other_missing:"Ein Preis dieser Rechnung ist nicht bekannt. Gib ihn ein, dann geht die Rechnung hier auf.",enter_prices:"Preise eingeben",by_administrator:"Das kann ein Administrator.",no_reference_power:"Welche Referenzleistung dein Vertrag hat, steht auf deiner Rechnung. Ist sie eingegeben, steht hier, was du zahlst.",enter_reference:"Referenzleistung eingeben",nothing_counted:"Noch ist nichts gezählt. Die Rechnung beginnt mit der ersten Viertelstunde.",not_loaded:"Der Zähler wird gerade nicht gelesen. Sobald er es wird, steht die Rechnung wieder hier.",on_top:"Energie über {R} kostet den Zuschlag zusätzlich zum Netzpreis.",instead:"Energie über {R} kostet den Zuschlag anstelle des Netzpreises.",without_vat:"Preise und Beträge sind ohne MwSt.",since:"Gezählt seit {day}; die Papierrechnung hat den ganzen Monat.",note_unpriced:"{kwh} kamen, als ihr Preis nicht bekannt war: Sie sind nicht in den Beträgen.",note_unsplit:"{kwh} haben den ersten Preis: Zu welchen Stunden sie kamen, ist nicht bekannt.",note_shared:"{kwh} kamen aus der Energiegemeinschaft: ohne Energiepreis und Abgaben.",note_shared_part:"Vom Teilen bekannt sind bisher {known} von {all}.",note_less_network:"Der Netzbetreiber berechnet vielleicht weniger fürs Netz.",note_estimated:"{count} von {all} Viertelstunden hat der Netzbetreiber geschätzt.",note_platform:"{count} von {all} Viertelstunden kommen von Leneda.",column_line:"Zeile",column_quantity:"Menge × Preis",column_amount:"Betrag in €",title:"Rechnung"},fr:{name:"Smarty : facture",description:"La facture d'un mois, ligne par ligne comme sur papier",earlier:"Mois précédent",later:"Mois suivant",until:"jusqu'au {day}, {time}",measured:"{share} mesuré",so_far:"jusqu'ici",receive_so_far:"à recevoir, jusqu'ici",receive:"à recevoir",forecast:"Environ **{total}** au {day}",forecast_receive:"Environ **{total}** à recevoir au {day}",energy:"Énergie",energy_second:"Énergie, second prix",energy_fee:"Énergie, prime",discount:"Remise",network_fixed:"Réseau, {R}",network_fixed_plain:"Réseau, partie fixe",network_variable:"Réseau, par kWh",meter:"Compteur",surcharge:"Au-dessus de {R}",surcharge_plain:"Au-dessus de la puissance de référence",electricity_tax:"Taxe sur l'électricité",compensation:"Fonds de compensation",feed_in:"Injecté",unpriced:"Énergie sans prix",unpriced_fed_in:"Injecté sans prix",net:"Hors TVA",vat:"TVA",pay:"À payer",to_receive:"À recevoir",grid_alone:"Réseau seul",so_many_days:"{days} jours sur {all} × {price}",one_month:"1 mois × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} en moyenne",price_missing:"prix manquant",energy_missing:"Saisissez le prix de votre énergie, et la facture se complète ici.",other_missing:"Un prix de cette facture n'est pas connu. Saisissez-le, et la facture se complète ici.",enter_prices:"Saisir les prix",by_administrator:"Un administrateur peut le faire.",no_reference_power:"La puissance de référence de votre contrat figure sur votre facture. Une fois saisie, la facture se calcule ici.",enter_reference:"Saisir la puissance de référence",nothing_counted:"Rien n'est encore compté. La facture commence avec le premier quart d'heure.",not_loaded:"Le compteur n'est pas lu en ce moment. La facture réapparaît ici dès qu'il l'est.",on_top:"L'énergie au-dessus de {R} est facturée en plus du prix du réseau.",instead:"L'énergie au-dessus de {R} paie le dépassement à la place du prix du réseau.",without_vat:"Prix et montants sont hors TVA.",since:"Compté depuis le {day} ; la facture papier couvre le mois entier.",note_unpriced:"{kwh} sont arrivés sans prix connu : ils ne sont pas dans les montants.",note_unsplit:"{kwh} ont le premier prix : les heures auxquelles ils sont arrivés ne sont pas connues.",note_shared:"{kwh} viennent du partage d'énergie : ni prix de l'énergie, ni taxes.",note_shared_part:"Le partage est connu pour {known} sur {all} jusqu'ici.",note_less_network:"Le gestionnaire peut facturer moins pour le réseau.",note_estimated:"{count} quarts d'heure sur {all} sont estimés par le gestionnaire de réseau.",note_platform:"{count} quarts d'heure sur {all} viennent de Leneda.",column_line:"Ligne",column_quantity:"Quantité × prix",column_amount:"Montant en €",title:"Facture"},lb:{name:"Smarty: Rechnung",description:"D'Rechnung vun engem Mount, Zeil fir Zeil wéi um Pabeier",earlier:"Mount virdrun",later:"Mount duerno",until:"bis {day}, {time}",measured:"{share} gemooss",so_far:"bis elo",receive_so_far:"ze kréien, bis elo",receive:"ze kréien",forecast:"Ongeféier **{total}** bis {day}",forecast_receive:"Ongeféier **{total}** ze kréien bis {day}",energy:"Energie",energy_second:"Energie, zweete Präis",energy_fee:"Energie, Primm",discount:"Rabatt",network_fixed:"Netz, {R}",network_fixed_plain:"Netz, feste Deel",network_variable:"Netz, pro kWh",meter:"Compteur",surcharge:"Iwwer {R}",surcharge_plain:"Iwwer der Referenzleeschtung",electricity_tax:"Stroumsteier",compensation:"Kompensatiounsfong",feed_in:"Agespeist",unpriced:"Energie ouni Präis",unpriced_fed_in:"Agespeist ouni Präis",net:"Netto",vat:"TVA",pay:"Ze bezuelen",to_receive:"Ze kréien",grid_alone:"Nëmmen d'Netz",so_many_days:"{days} vun {all} Deeg × {price}",one_month:"1 Mount × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} am Duerchschnëtt",price_missing:"Präis feelt",energy_missing:"Gitt de Präis vun Ärer Energie an, da gëtt d'Rechnung hei komplett.",other_missing:"E Präis vun dëser Rechnung ass net bekannt. Gitt en an, da gëtt d'Rechnung hei komplett.",enter_prices:"Präisser aginn",by_administrator:"Dat kann en Administrateur maachen.",no_reference_power:"Wéi eng Referenzleeschtung Äre Kontrakt huet, steet op Ärer Rechnung. Wann se aginn ass, gëtt d'Rechnung hei gerechent.",enter_reference:"Referenzleeschtung aginn",nothing_counted:"Nach ass näischt gezielt. D'Rechnung fänkt mat der éischter Véierelstonn un.",not_loaded:"De Compteur gëtt elo grad net gelies. Soubal en et gëtt, steet d'Rechnung nees hei.",on_top:"Energie iwwer {R} kascht den Zouschlag zousätzlech zum Netzpräis.",instead:"Energie iwwer {R} kascht den Zouschlag amplaz vum Netzpräis.",without_vat:"Präisser a Montanten si ouni TVA.",since:"Gezielt zënter dem {day}; d'Rechnung op Pabeier huet de ganze Mount.",note_unpriced:"{kwh} koumen, wéi hire Präis net bekannt war: Si sinn net an de Montanten.",note_unsplit:"{kwh} hunn den éischte Präis: Zu wéi enge Stonne si koumen, ass net bekannt.",note_shared:"{kwh} koumen aus dem Energiedeelen: ouni Energiepräis an ouni Taxen.",note_shared_part:"Vum Deele bekannt si bis elo {known} vun {all}.",note_less_network:"De Netzbedreiwer rechent vläicht manner fir d'Netz.",note_estimated:"{count} vun {all} Véierelstonnen huet de Netzbedreiwer geschat.",note_platform:"{count} vun {all} Véierelstonne komme vu Leneda.",column_line:"Zeil",column_quantity:"Quantitéit × Präis",column_amount:"Montant an €",title:"Rechnung"},pt:{name:"Smarty: fatura",description:"A fatura de um mês, linha a linha como no papel",earlier:"Mês anterior",later:"Mês seguinte",until:"até {day}, {time}",measured:"{share} medido",so_far:"até agora",receive_so_far:"a receber, até agora",receive:"a receber",forecast:"Cerca de **{total}** até {day}",forecast_receive:"Cerca de **{total}** a receber até {day}",energy:"Energia",energy_second:"Energia, segundo preço",energy_fee:"Energia, mensalidade",discount:"Desconto",network_fixed:"Rede, {R}",network_fixed_plain:"Rede, parte fixa",network_variable:"Rede, por kWh",meter:"Contador",surcharge:"Acima de {R}",surcharge_plain:"Acima da potência de referência",electricity_tax:"Imposto sobre a eletricidade",compensation:"Fundo de compensação",feed_in:"Injetado",unpriced:"Energia sem preço",unpriced_fed_in:"Injetado sem preço",net:"Sem IVA",vat:"IVA",pay:"A pagar",to_receive:"A receber",grid_alone:"Só a rede",so_many_days:"{days} de {all} dias × {price}",one_month:"1 mês × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} em média",price_missing:"preço em falta",energy_missing:"Introduza o preço da sua energia e a fatura fica aqui completa.",other_missing:"Um preço desta fatura não é conhecido. Introduza-o e a fatura fica aqui completa.",enter_prices:"Introduzir os preços",by_administrator:"Um administrador pode fazê-lo.",no_reference_power:"A potência de referência do seu contrato está na sua fatura. Depois de introduzida, a fatura é calculada aqui.",enter_reference:"Introduzir a potência de referência",nothing_counted:"Ainda nada foi contado. A fatura começa com o primeiro quarto de hora.",not_loaded:"O contador não está a ser lido neste momento. A fatura volta a aparecer aqui assim que o for.",on_top:"A energia acima de {R} paga a ultrapassagem além do preço da rede.",instead:"A energia acima de {R} paga a ultrapassagem em vez do preço da rede.",without_vat:"Preços e montantes sem IVA.",since:"Contado desde {day}; a fatura em papel tem o mês inteiro.",note_unpriced:"{kwh} vieram sem preço conhecido: não estão nos montantes.",note_unsplit:"{kwh} têm o primeiro preço: as horas a que vieram não são conhecidas.",note_shared:"{kwh} vieram da partilha de energia: sem preço da energia nem taxas.",note_shared_part:"A partilha é conhecida para {known} de {all} até agora.",note_less_network:"O operador pode cobrar menos pela rede.",note_estimated:"{count} de {all} quartos de hora são estimados pelo operador da rede.",note_platform:"{count} de {all} quartos de hora vêm da Leneda.",column_line:"Linha",column_quantity:"Quantidade × preço",column_amount:"Montante em €",title:"Fatura"}};var re=li,hi=[["energy","energy_second","energy_fee","discount"],["network_fixed","network_variable","meter","surcharge"],["electricity_tax","compensation"]],di=new Set([...hi.flat(),"feed_in"]),Rd=.99,Dd=5,Ad=6;function It(r){let e=[...r.lines.map(({name:t})=>t),...r.missing??[]];return!r.unpriced_kwh&&!e.some(t=>t==="energy"||t==="energy_second")}var Pt=r=>Date.parse(r.until)<Date.parse(r.end),Vs=r=>z(j(D(new Date(r.end)),-1));function pi(r,e){let t=(a,u={})=>e.text(re,a,u),n=It(r),s=n||!!r.missing?.length,o=s?null:r.total,i=new Date(r.until);return{title:Ed(e.monthYear(new Date(r.start))),total:o===null?"–":e.number(Math.abs(o),2),label:Cd(r,o,t),until:Pt(r)?t("until",{day:e.shortDay(i),time:e.time(i)}):void 0,measured:t("measured",{share:e.percent(r.measured_share,r.measured_share<1?1:0)}),isWellMeasured:r.measured_share>=Rd,sentence:s?t(n?"energy_missing":"other_missing"):Ld(r,e,t),lacksPrice:s,groups:Nd(r,e,t),toPay:{name:t(n&&r.total!==null?"grid_alone":(r.total??0)<0?"to_receive":"pay"),amount:r.total===null?"–":e.cents(Math.abs(r.total))},notes:Wd(r,e,t)}}var Ed=r=>r.charAt(0).toUpperCase()+r.slice(1);function Cd(r,e,t){let n=e!==null&&e<0,s=e!==null&&r.estimate!==void 0&&r.estimate.total<0!==n,o=n?t(s?"receive_so_far":"receive"):s?t("so_far"):"";return o?`€ ${o}`:"€"}function Ld(r,e,t){let{estimate:n}=r;if(!Number.isFinite(n?.total)||!n||!Pt(r))return"";let s=e.day(Vs(r)),o=E(n.total);return t(o<0?"forecast_receive":"forecast",{total:e.euros(Math.abs(o)),day:s})}function Nd(r,e,t){let n=r.lines.filter(({name:m})=>m==="network_fixed").length,s=r.reference_kw===null||n>1?void 0:e.referenceKW(r.reference_kw),o=Od(r,e,t),i=m=>di.has(m)?t((m==="network_fixed"||m==="surcharge")&&s===void 0?`${m}_plain`:m,s===void 0?{}:{R:s}):m,a=m=>({name:i(m.name),quantity:Number.isFinite(m.quantity)&&Number.isFinite(m.price)?o(m):void 0,amount:Number.isFinite(m.amount)?e.number(m.amount,2):"–",...m.name==="surcharge"?{dot:"excess"}:m.name==="feed_in"?{dot:"fed-in"}:{}}),u=[...It(r)?["energy"]:[],...r.missing??[]],l=m=>[...r.lines.filter(h=>h.name===m).map(a),...u.includes(m)?[{name:i(m),amount:t("price_missing")}]:[]],d=[...new Set([...r.lines.map(({name:m})=>m),...u])].filter(m=>!di.has(m)),c=[...hi,d].map(m=>m.flatMap(l)),p=(m,h)=>m?[{name:t(h),quantity:e.kWh(m),amount:"–"}]:[];return c[0].push(...p(r.unpriced_kwh,"unpriced")),c.push([...zd(r,e,t),...l("feed_in"),...p(r.unpriced_exported_kwh,"unpriced_fed_in")]),c.filter(m=>m.length)}function zd({net:r,vat:e,vat_rate:t,lines:n},s,o){if(r===null||e===null||!t)return[];let i=n.filter(({name:a})=>a==="feed_in").reduce((a,{amount:u})=>a+u,0);return[{name:o("net"),amount:s.number(r-i,2)},{name:o("vat"),quantity:s.percent(t,gi(t*100,0,1)),amount:s.number(e,2)}]}function Od(r,e,t){let n=Math.round((Date.parse(r.end)-Date.parse(r.start))/864e5),s=({unit:p})=>p==="month",o=({quantity:p})=>Math.abs(p-1)<1e-6,i=r.lines.filter(p=>s(p)&&!o(p)),a=r.lines.filter(p=>!s(p)),u=p=>E(p.price,mi(p)),l=i.every(({quantity:p})=>Math.abs(p*n-Math.round(p*n))<.001),d=ci(l?0:1,4,i,(p,m)=>E(p.quantity*n,m)/n*u(p)),c=ci(1,3,a,(p,m)=>E(p.quantity,m)*u(p));return p=>{let m=mi(p),h=e.unit(p.price,"€",m);if(!s(p)){let y=m>Dd?"times_mean":"times";return t(y,{quantity:e.unit(p.quantity,p.unit,c),price:h})}return o(p)?t("one_month",{price:h}):t("so_many_days",{days:e.number(p.quantity*n,d),all:n,price:h})}}function ci(r,e,t,n){for(let s=r;s<e;s+=1){let o=i=>Math.abs(Math.abs(E(n(i,s),2))-Math.abs(i.amount))<.005;if(t.every(o))return s}return e}var mi=({unit:r,price:e})=>gi(e,r==="month"?2:4,Ad);function gi(r,e,t){let n=e;for(;n<t&&Math.abs(E(r,n)-r)>1e-9;)n+=1;return n}function Wd(r,e,t){let n=p=>e.kWh(p),{unpriced_kwh:s,unpriced_exported_kwh:o,unsplit_kwh:i,shared_kwh:a,sharing_known_kwh:u}=r,l=r.quarter_hours??0,d=qd(r),c=r.reference_kw===null?"":e.referenceKW(r.reference_kw);return[r.since?t("since",{day:e.day(new Date(r.since))}):"",s||o?t("note_unpriced",{kwh:n((s??0)+(o??0))}):"",i?t("note_unsplit",{kwh:n(i)}):"",a?t("note_shared",{kwh:n(a)}):"",u!==void 0&&u<r.imported_kwh-.05?t("note_shared_part",{known:n(u),all:n(r.imported_kwh)}):"",r.may_owe_less_network?t("note_less_network"):"",r.platform_quarter_hours?t("note_platform",{count:e.number(r.platform_quarter_hours),all:e.number(l)}):"",r.estimated_quarter_hours?t("note_estimated",{count:e.number(r.estimated_quarter_hours),all:e.number(l)}):"",r.vat_rate===0?t("without_vat"):"",d&&c?t(d,{R:c}):""].filter(p=>p)}function qd({lines:r,imported_kwh:e}){let t=i=>r.filter(a=>a.name===i).reduce((a,u)=>a+u.quantity,0),n=t("surcharge"),s=t("network_variable"),o=(i,a)=>Math.abs(i-a)<.02;if(!(n<.05||!s))return o(s,e)?"on_top":o(s+n,e)?"instead":void 0}var Id=13;function Tr(r){let{value:e,error:t}=r.get("smarty_p1/bill",{months:Id});return{bills:e?.months.length?e.months:void 0,error:t}}var Rr=(r,e)=>r.find(({month:t})=>t===e.shown.month)??r.at(-1);function Dr(r,e,t){e.show({month:t===r.at(-1)?.month?void 0:t})}var Pd={nothing_counted:"nothing_counted",no_reference_power:"no_reference_power",not_loaded:"not_loaded",not_found:"not_loaded"},Ar=r=>Pd[r??""];function qn(r,{entry_id:e},t,n){if(!r.hass?.user?.is_admin)return f`<p class="small">${t.text(re,"by_administrator")}</p>`;let s=`/config/integrations/integration/smarty_p1#config_entry=${e}`;return r.link(s,t.text(re,n))}var dt,ee,fi,js,_i,yi,bi,wi,In=class extends P{constructor(){super(...arguments);w(this,ee);w(this,dt)}getCardSize(){return 9}content(t,n){let{bills:s,error:o}=Tr(n);if(!s)return _(this,ee,wi).call(this,t,o);let i=Rr(s,n),a=s.indexOf(i),u=c=>s[c]&&c>=0?()=>Dr(s,n,s[c].month):void 0,l={earlier:u(a-1),later:u(a+1)},d=_(this,ee,fi).call(this,i);return f`<div @keydown=${c=>Hd(c,l)}>
        ${Sr(d.title,{earlier:this.text(re,"earlier"),later:this.text(re,"later")},l)}
      </div>
      <div class="total">
        <div class="big">${_(this,ee,_i).call(this,i,d)}<small> ${d.label}</small></div>
        <div class="small">
          ${d.until?f`<div>${d.until}</div>`:x}
          <div>${d.isWellMeasured?d.measured:f`<b>${d.measured}</b>`}</div>
        </div>
      </div>
      ${d.sentence?this.sentence(d.sentence):x}
      ${d.lacksPrice?qn(g(this,ee,js),t,this.locale,"enter_prices"):x}
      ${_(this,ee,yi).call(this,d)}
      ${d.notes.length?f`<footer class="small">${d.notes.map(c=>f`<p>${c}</p>`)}</footer>`:x}`}};dt=new WeakMap,ee=new WeakSet,fi=function(t){let{locale:n}=this;return(g(this,dt)?.bill!==t||g(this,dt).locale!==n)&&$(this,dt,{bill:t,locale:n,words:pi(t,n)}),g(this,dt).words},js=function(){return{hass:this.hass,link:(t,n)=>this.link(t,n)}},_i=function(t,n){return Pt(t)&&!n.lacksPrice?this.moreInfo("cost_total",n.total,n.toPay.name):n.total},yi=function({title:t,groups:n,toPay:s}){return f`<div class="lines" role="table" aria-label=${t}>
      <div class="hidden" role="row">
        ${["column_line","column_quantity","column_amount"].map(i=>f`<span role="columnheader">${this.text(re,i)}</span>`)}
      </div>
      ${n.map(i=>f`<div class="group" role="rowgroup">${i.map(a=>_(this,ee,bi).call(this,a))}</div>`)}
      <div class="row pay" role="row">
        <span role="rowheader">${s.name}</span>
        <span class="amount number" role="cell">${s.amount}</span>
      </div>
    </div>`},bi=function({name:t,quantity:n,amount:s,dot:o}){let i=/\d/.test(s);return f`<div class="row" role="row">
      <span role="rowheader">${o?f`<span class="dot ${o}"></span>`:x}${t}</span>
      ${n?f`<span class="quantity small" role="cell">${n}</span>`:x}
      <span class="amount number ${i?"":"quiet"}" role="cell">${s}</span>
    </div>`},wi=function(t,n){let s=Ar(n);return f`<h2>${this.text(re,"title")}</h2>
      ${s?f`<p role="status">${this.text(re,s)}</p>`:this.waiting(n)}
      ${s==="no_reference_power"?qn(g(this,ee,js),t,this.locale,"enter_reference"):x}`},In.styles=[F,O`
      .turn {
        align-items: center;
        margin: -8px -8px 0;
      }
      .turn h2 {
        text-align: center;
      }
      .total {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        align-items: end;
        gap: 0 12px;
        margin-bottom: 4px;
      }
      .total > .small {
        text-align: right;
        margin-inline-start: auto;
      }
      .lines {
        margin-top: 8px;
      }
      .group {
        border-top: 1px solid var(--divider-color);
        padding: 3px 0;
      }
      .row {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0 12px;
        align-items: center;
        padding: 1px 0;
      }
      .quantity {
        grid-column: 1;
      }
      .amount {
        grid-area: 1 / 2 / span 2;
      }
      .quiet {
        color: var(--quiet);
      }
      .pay {
        border-top: 2px solid var(--primary-text-color);
        padding: 5px 0 0;
        font-weight: 500;
      }
      .dot.excess {
        background: var(--excess);
      }
      .dot.fed-in {
        background: var(--fed-in);
      }
      footer {
        display: block;
      }
      footer p {
        padding-top: 2px;
      }
      @container (min-width: 400px) {
        .row {
          grid-template-columns: 1fr auto minmax(64px, auto);
          align-items: baseline;
          padding: 2px 0;
        }
        .quantity {
          grid-column: 2;
          text-align: right;
        }
        .amount {
          grid-area: 1 / 3;
        }
      }
    `];function Hd(r,e){let t={ArrowLeft:e.earlier,ArrowRight:e.later}[r.key];t&&(r.preventDefault(),t())}function vi({amounts:r},e,t){let n=0;return[0,...r.slice(e-1,t).map(s=>n+=s??0)]}function xi({month:r,first:e,last:t,reference:n}){let s=Math.max(r.length,n?.length??0),o=t>=e?vi(r,e,t):[],i=n?.isWhole.indexOf(!1)??0,a=i<0?n.length:i,u=n?vi(n,1,a):[],l=Math.max(...o,...u)||1,d=(b,k)=>({x:b/s*100,y:100-k/l*100}),c=({x:b,y:k})=>`${Number(b.toFixed(2))} ${Number(k.toFixed(2))}`,p="",m="",h;o.forEach((b,k)=>{if(!k)return;let S=e-1+k,[R,T]=[d(S-1,o[k-1]),d(S,b)];if(!r.isWhole[S-1]){h&&(m+=`L${c({x:R.x,y:100})}Z`),h=void 0;return}h||(p+=`M${c(R)}`,m+=`M${c({x:R.x,y:100})}L${c(R)}`,h=R),p+=`L${c(T)}`,m+=`L${c(T)}`,k===o.length-1&&(m+=`L${c({x:T.x,y:100})}Z`)});let y=u.map((b,k)=>`${k?"L":"M"}${c(d(k,b))}`).join(""),v=u.at(-1)??0;return{own:p,area:m,reference:a?y:"",dot:o.length>1?d(t,o.at(-1)):void 0,end:n&&a?{...d(a,v),total:i<0?v:void 0}:void 0,ticks:[1,7,14,21,28].map(b=>({day:b,x:b/s*100})),days:s}}var Bs={en:{name:"Smarty: gas, water, heat",description:"What one of the other meters counts, today and this month",device:"Gas, water or heat meter",gas:"Gas",water:"Water",cold_water:"Cold water",hot_water:"Hot water",very_hot_water:"Very hot water",waste_water:"Waste water",heat:"Heat",heat_inlet:"Heat (inlet)",heat_cooling:"Heat and cooling",cooling:"Cooling",cooling_inlet:"Cooling (inlet)",compressed_air:"Compressed air",electricity:"Electricity",heat_cost_allocator:"Heat cost allocator",garbage:"Waste",unknown:"M-Bus meter",today:"{unit} today",more:"{month}: **{share} more** than in {reference} by the {day}",less:"{month}: **{share} less** than in {reference} by the {day}",same:"{month}: **as much as** in {reference} by the {day}",times:"{month}: **{times} times as much** as in {reference} by the {day}",at_least:"at least {sum}",since:"Since {since}: **{sum}** by the {day}",not_compared:"{month}: **{sum}** by the {day}. Too little of {reference} is known to compare.",before:"{reference}: **{sum}**",first_days:"Counted here since {since}; the month is summed up from the first whole day on.",silent:"No reading since {time}.",index_only:"Index **{index}**, read at {time}. The next readings tell what a day takes.",nothing_read:"No reading yet. Such a meter is read about once an hour.",not_there:"This meter is not on the M-Bus (any more).",no_media:"No gas, water or heat meter is on the M-Bus.",own:"Today {amount}",own_gas:"Today {amount}, at {factor}",index:"Index {index}",enter_factor:"Show it in kWh",night_none:"Last night {range}: 0 L, no sign of a leak",night_pauses:"Last night {range}: {litres}, with pauses: no sign of a leak",night_steady:"Last night {range}: {litres}, some in every hour",nights_steady:"**Water ran in every hour of {count} nights.** Last night {range}: {litres}",day:"Day",so_far:"{day} (so far)",both:"{month}: **{sum}** by the {day}; in {reference} {before}",partly:"{month}: **at least {sum}** by the {day}. Not every day is known as a whole, so nothing is compared.",unknown_hours:"{hours} of today are not known"},de:{name:"Smarty: Gas, Wasser, Wärme",description:"Was ein anderer Zähler zählt, heute und diesen Monat",device:"Zähler von Gas, Wasser oder Wärme",gas:"Gas",water:"Wasser",cold_water:"Kaltwasser",hot_water:"Warmwasser",very_hot_water:"Heißwasser",waste_water:"Abwasser",heat:"Wärme",heat_inlet:"Wärme (Vorlauf)",heat_cooling:"Wärme und Kälte",cooling:"Kälte",cooling_inlet:"Kälte (Vorlauf)",compressed_air:"Druckluft",electricity:"Strom",heat_cost_allocator:"Heizkostenverteiler",garbage:"Abfall",unknown:"M-Bus-Zähler",today:"{unit} heute",more:"{month}: **{share} mehr** als im {reference} bis zum {day}",less:"{month}: **{share} weniger** als im {reference} bis zum {day}",same:"{month}: **so viel wie** im {reference} bis zum {day}",times:"{month}: **{times}-mal so viel** wie im {reference} bis zum {day}",at_least:"mindestens {sum}",since:"Seit {since}: **{sum}** bis zum {day}",not_compared:"{month}: **{sum}** bis zum {day} Vom {reference} ist zu wenig bekannt, um zu vergleichen.",before:"{reference}: **{sum}**",first_days:"Hier gezählt seit {since}; der Monat wird ab dem ersten ganzen Tag summiert.",silent:"Kein Zählerstand seit {time}.",index_only:"Zählerstand **{index}**, gelesen um {time}. Die nächsten Stände zeigen, was ein Tag braucht.",nothing_read:"Noch kein Zählerstand. Ein solcher Zähler wird etwa einmal in der Stunde gelesen.",not_there:"Dieser Zähler ist nicht (mehr) am M-Bus.",no_media:"Am M-Bus ist kein Gas-, Wasser- oder Wärmezähler.",own:"Heute {amount}",own_gas:"Heute {amount}, mit {factor}",index:"Zählerstand {index}",enter_factor:"In kWh zeigen",night_none:"Letzte Nacht {range}: 0 L, kein Anzeichen eines Lecks",night_pauses:"Letzte Nacht {range}: {litres}, mit Pausen: kein Anzeichen eines Lecks",night_steady:"Letzte Nacht {range}: {litres}, in jeder Stunde etwas",nights_steady:"**In {count} Nächten lief in jeder Stunde Wasser.** Letzte Nacht {range}: {litres}",day:"Tag",so_far:"{day} (bisher)",both:"{month}: **{sum}** bis zum {day}; im {reference} {before}",partly:"{month}: **mindestens {sum}** bis zum {day} Nicht jeder Tag ist ganz bekannt, darum kein Vergleich.",unknown_hours:"{hours} von heute sind nicht bekannt"},fr:{name:"Smarty : gaz, eau, chaleur",description:"Ce que compte un autre compteur, aujourd'hui et ce mois-ci",device:"Compteur de gaz, d'eau ou de chaleur",gas:"Gaz",water:"Eau",cold_water:"Eau froide",hot_water:"Eau chaude",very_hot_water:"Eau très chaude",waste_water:"Eaux usées",heat:"Chaleur",heat_inlet:"Chaleur (aller)",heat_cooling:"Chaleur et froid",cooling:"Froid",cooling_inlet:"Froid (aller)",compressed_air:"Air comprimé",electricity:"Électricité",heat_cost_allocator:"Répartiteur de chauffage",garbage:"Déchets",unknown:"Compteur M-Bus",today:"{unit} aujourd'hui",more:"{month} : **{share} de plus** qu'en {reference} au {day}",less:"{month} : **{share} de moins** qu'en {reference} au {day}",same:"{month} : **autant** qu'en {reference} au {day}",times:"{month} : **{times} fois plus** qu'en {reference} au {day}",at_least:"au moins {sum}",since:"Depuis le {since} : **{sum}** au {day}",not_compared:"{month} : **{sum}** au {day}. Trop peu de données en {reference} pour comparer.",before:"{reference} : **{sum}**",first_days:"Compté ici depuis le {since} ; la somme du mois commence au premier jour entier.",silent:"Aucun relevé depuis le {time}.",index_only:"Index **{index}**, relevé à {time}. Les prochains relevés diront ce que prend un jour.",nothing_read:"Pas encore de relevé. Un tel compteur est relevé environ une fois par heure.",not_there:"Ce compteur n'est pas (ou plus) sur le M-Bus.",no_media:"Aucun compteur de gaz, d'eau ou de chaleur sur le M-Bus.",own:"Aujourd'hui {amount}",own_gas:"Aujourd'hui {amount}, à {factor}",index:"Index {index}",enter_factor:"Afficher en kWh",night_none:"Cette nuit, {range} : 0 L, pas de signe de fuite",night_pauses:"Cette nuit, {range} : {litres}, avec des pauses : pas de signe de fuite",night_steady:"Cette nuit, {range} : {litres}, un peu à chaque heure",nights_steady:"**L'eau a coulé à chaque heure de {count} nuits.** Cette nuit, {range} : {litres}",day:"Jour",so_far:"{day} (jusqu'ici)",both:"{month} : **{sum}** au {day} ; en {reference}, {before}",partly:"{month} : **au moins {sum}** au {day}. Tous les jours ne sont pas connus en entier : pas de comparaison.",unknown_hours:"{hours} d'aujourd'hui ne sont pas connues"},lb:{name:"Smarty: Gas, Waasser, Wäermt",description:"Wat en anere Compteur zielt, haut an dëse Mount",device:"Compteur vu Gas, Waasser oder Wäermt",gas:"Gas",water:"Waasser",cold_water:"Kaalt Waasser",hot_water:"Waarmt Waasser",very_hot_water:"Heesst Waasser",waste_water:"Ofwaasser",heat:"Wäermt",heat_inlet:"Wäermt (Virlaf)",heat_cooling:"Wäermt a Keelt",cooling:"Keelt",cooling_inlet:"Keelt (Virlaf)",compressed_air:"Drockloft",electricity:"Stroum",heat_cost_allocator:"Heizkäschteverdeeler",garbage:"Offall",unknown:"M-Bus-Compteur",today:"{unit} haut",more:"{month}: **{share} méi** wéi am {reference} bis den {day}",less:"{month}: **{share} manner** wéi am {reference} bis den {day}",same:"{month}: **sou vill wéi** am {reference} bis den {day}",times:"{month}: **{times}-mol sou vill** wéi am {reference} bis den {day}",at_least:"op d'mannst {sum}",since:"Zënter dem {since}: **{sum}** bis den {day}",not_compared:"{month}: **{sum}** bis den {day} Vum {reference} ass ze wéineg bekannt fir ze vergläichen.",before:"{reference}: **{sum}**",first_days:"Hei gezielt zënter dem {since}; de Mount gëtt vum éischte ganzen Dag un zesummegezielt.",silent:"Keen Zielerstand zënter dem {time}.",index_only:"Zielerstand **{index}**, gelies um {time}. Déi nächst Stänn weisen, wat en Dag brauch.",nothing_read:"Nach keen Zielerstand. Sou e Compteur gëtt ongeféier eemol an der Stonn gelies.",not_there:"Dëse Compteur ass net (méi) um M-Bus.",no_media:"Um M-Bus ass kee Gas-, Waasser- oder Wäermtcompteur.",own:"Haut {amount}",own_gas:"Haut {amount}, mat {factor}",index:"Zielerstand {index}",enter_factor:"A kWh weisen",night_none:"Lescht Nuecht {range}: 0 L, keen Zeeche vun engem Leck",night_pauses:"Lescht Nuecht {range}: {litres}, mat Pausen: keen Zeeche vun engem Leck",night_steady:"Lescht Nuecht {range}: {litres}, an all Stonn eppes",nights_steady:"**An {count} Nuechten ass an all Stonn Waasser gelaf.** Lescht Nuecht {range}: {litres}",day:"Dag",so_far:"{day} (bis elo)",both:"{month}: **{sum}** bis den {day}; am {reference} {before}",partly:"{month}: **op d'mannst {sum}** bis den {day} Net all Dag ass ganz bekannt, dofir kee Verglach.",unknown_hours:"{hours} vun haut sinn net bekannt"},pt:{name:"Smarty: gás, água, calor",description:"O que outro contador conta, hoje e este mês",device:"Contador de gás, água ou calor",gas:"Gás",water:"Água",cold_water:"Água fria",hot_water:"Água quente",very_hot_water:"Água muito quente",waste_water:"Águas residuais",heat:"Calor",heat_inlet:"Calor (ida)",heat_cooling:"Calor e frio",cooling:"Frio",cooling_inlet:"Frio (ida)",compressed_air:"Ar comprimido",electricity:"Eletricidade",heat_cost_allocator:"Repartidor de custos de calor",garbage:"Resíduos",unknown:"Contador M-Bus",today:"{unit} hoje",more:"{month}: **{share} mais** do que em {reference} até dia {day}",less:"{month}: **{share} menos** do que em {reference} até dia {day}",same:"{month}: **tanto como** em {reference} até dia {day}",times:"{month}: **{times} vezes mais** do que em {reference} até dia {day}",at_least:"pelo menos {sum}",since:"Desde {since}: **{sum}** até dia {day}",not_compared:"{month}: **{sum}** até dia {day}. Sabe-se pouco de {reference} para comparar.",before:"{reference}: **{sum}**",first_days:"Contado aqui desde {since}; o mês soma-se a partir do primeiro dia completo.",silent:"Nenhuma leitura desde {time}.",index_only:"Leitura **{index}**, às {time}. As próximas leituras dirão o que um dia gasta.",nothing_read:"Ainda sem leitura. Um contador destes é lido cerca de uma vez por hora.",not_there:"Este contador não está (ou já não está) no M-Bus.",no_media:"Nenhum contador de gás, água ou calor no M-Bus.",own:"Hoje {amount}",own_gas:"Hoje {amount}, a {factor}",index:"Leitura {index}",enter_factor:"Mostrar em kWh",night_none:"Esta noite, {range}: 0 L, sem sinal de fuga",night_pauses:"Esta noite, {range}: {litres}, com pausas: sem sinal de fuga",night_steady:"Esta noite, {range}: {litres}, um pouco em cada hora",nights_steady:"**Correu água em todas as horas de {count} noites.** Esta noite, {range}: {litres}",day:"Dia",so_far:"{day} (até agora)",both:"{month}: **{sum}** até dia {day}; em {reference}, {before}",partly:"{month}: **pelo menos {sum}** até dia {day}. Nem todos os dias são conhecidos por inteiro: sem comparação.",unknown_hours:"{hours} de hoje não são conhecidas"}};var te=Bs,Vd=3,jd=2.5,Bd={Wh:.001,kWh:1,MWh:1e3,MJ:1/3.6,GJ:1e3/3.6},Ud=new Date("2026-01-15T01:00:00Z"),Fd=new Date("2026-01-15T04:00:00Z"),ki={gas:"gas",water:"water",cold_water:"water",hot_water:"water",very_hot_water:"water",heat:"heat",heat_inlet:"heat",heat_cooling:"heat",cooling:"cooling",cooling_inlet:"cooling"},Kt=r=>Object.hasOwn(ki,r)?ki[r]:"other",Mi=r=>["gas","heat","cooling"].includes(Kt(r)),Si=(r,e)=>e.text(te,Object.hasOwn(Bs.en,r)?r:"unknown");function Us(r,e,t,n){let s={unit:(e??"").slice(0,12).replace(/^m3$/,"m³"),factor:1,decimals:3},o=e==="m3"&&r==="gas"?t:Bd[e??""];if(o&&Number.isFinite(o)&&o>0){let i=n*o<10&&e!=="GJ"?1:0,a={unit:"kWh",factor:o,decimals:i};return{day:a,month:a,own:{...s,decimals:e==="m3"?2:3}}}return e==="m3"&&(Kt(r)==="water"||r==="waste_water")?{day:{unit:"L",factor:1e3,decimals:0},month:{...s,decimals:1},own:s}:{day:{...s,decimals:2},month:{...s,decimals:1},own:s}}var Xe=(r,{unit:e,factor:t,decimals:n},s)=>e?s.unit(r*t,e,n):s.number(r*t,n);function Er(r,{day:e,month:t},n){return Xe(r,r*t.factor<1?e:t,n)}function Gd(r,{language:e}){if(e==="fr"&&r===1)return"1er";if(e==="de"||e==="lb")return`${r}.`;if(e!=="en")return String(r);let t=r>10&&r<14;return`${r}${!t&&["th","st","nd","rd"][r%10]||"th"}`}var ct=(r,e=1)=>z(`${r}-${String(e).padStart(2,"0")}`);function Ht(r,e,t){return Math.abs(Date.parse(`${r}-01`)-Date.parse(`${e.slice(0,7)}-01`))<1728e7?t.month(ct(r)):t.monthYear(ct(r))}var $i=r=>r.charAt(0).toLocaleUpperCase()+r.slice(1);function Ti(r,e,t,n,s){let{month:o,first:i,last:a,missing:u,sum:l,reference:d,referenceSum:c}=r,p=(R,T={})=>s.text(te,R,T),m=R=>Er(R,e,s),h={month:$i(s.month(ct(o.month))),day:Gd(a,s),sum:m(l)};if(n.endsWith("-01")){if(!d?.isWhole.every(Boolean))return"";let R=d.amounts.reduce((T,N)=>T+(N??0),0);return p("before",{...h,reference:$i(Ht(d.month,n,s)),sum:m(R)})}if(u>0&&a)return p("partly",h);if(!a)return t.startsWith(o.month)?p("first_days",{since:s.day(z(t))}):"";if(i>1)return p("since",{...h,since:s.day(ct(o.month,i))});if(!d){let R=new Date(ct(o.month).getTime()-864e5);return p("not_compared",{...h,reference:s.month(R)})}let y=Ht(d.month,n,s),v={...h,reference:y,before:m(c)},b=R=>E(R*e.day.factor,e.day.decimals)===0;if(b(l)||b(c))return p("both",v);let k=l/c;if(k>=jd)return p("times",{...v,times:s.number(k,k<10?1:0)});let S=E((k-1)*100);return Math.abs(S)<Vd?p("same",v):p(S>0?"more":"less",{...v,share:s.percent(Math.abs(S)/100)})}function Ri({litres:r,isSteady:e,steadyNights:t},n){let s={range:n.timeRange(Ud,Fd),litres:n.unit(r,"L"),count:n.number(t)},o=r?e?t>2?"nights_steady":"night_steady":"night_pauses":"night_none";return n.text(te,o,s)}function Di({days:r,drawing:e,label:t,sentence:n},s,o){let{standing:i,units:a,today:u}=r,{dot:l,end:d,ticks:c}=e,p=Er(i.sum,a,o),m=i.missing?o.text(te,"at_least",{sum:p}):p,h=(l?.x??0)<50,y=s.index===void 0?void 0:s.index+1,v=({x:b,y:k})=>`left:${b}%;top:${k}%`;return f`<div class="chart">
    <div
      class="plot"
      role="slider"
      tabindex="0"
      aria-label=${t}
      aria-valuemin="1"
      aria-valuemax=${e.days}
      aria-valuenow=${y??Math.max(1,i.last)}
      aria-valuetext=${n.replaceAll("**","")}
      @keydown=${s.key}
      @pointerdown=${s.down}
      @pointermove=${s.move}
      @pointerup=${s.up}
      @pointercancel=${s.up}
      @pointerleave=${s.leave}
    >
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        <path class="area" d=${e.area}></path>
        <path class="reference" d=${e.reference}></path>
        <path class="own" d=${e.own}></path>
      </svg>
      ${y?f`<span class="at chosen" style="left:${(y-.5)/e.days*100}%"></span>`:x}
      ${l?f`<span class="at point" style=${v(l)}></span>
            <b class="at value ${h?"right":""}" style="${v(l)};max-width:${h?100-l.x:l.x}%">${m}</b>`:x}
      ${c.map(b=>f`<small class="at tick" style="left:${b.x}%">${b.day}</small>`)}
    </div>
    ${d?f`<div class="side">
          <small style="top:clamp(18px,${d.y}%,100% - 18px)"
            >${Ht(i.reference.month,u,o)}
            ${d.total===void 0?x:f`<br />${Er(d.total,a,o)}`}</small
          >
        </div>`:x}
  </div>`}var Ai={gas:"mdi:fire",water:"mdi:water",cold_water:"mdi:water",hot_water:"mdi:water-boiler",very_hot_water:"mdi:water-boiler",waste_water:"mdi:pipe",heat:"mdi:radiator",heat_inlet:"mdi:radiator",heat_cooling:"mdi:sun-snowflake-variant",cooling:"mdi:snowflake",cooling_inlet:"mdi:snowflake",compressed_air:"mdi:gauge",electricity:"mdi:flash",heat_cost_allocator:"mdi:radiator",garbage:"mdi:trash-can-outline"},Ci=r=>Object.hasOwn(Ai,r)?Ai[r]:"mdi:counter",Ei=r=>`color-mix(in srgb, ${r} 65%, var(--primary-text-color))`;function Li(r,e){switch(Kt(r)){case"gas":return Ei("var(--energy-gas-color, #8e021b)");case"water":return Ei("var(--energy-water-color, #00bcd4)");case"heat":return e?"#e08a55":"#c4622d";default:return"var(--secondary-text-color)"}}var Ni=O`
  .all {
    display: contents;
  }
  h2 {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  h2 ha-icon {
    --mdc-icon-size: 20px;
    color: var(--medium);
    flex: none;
  }
  .big {
    white-space: normal;
  }
  .big button {
    min-height: 44px;
  }
  .big small {
    margin-inline-start: -4px;
  }
  .chart {
    display: flex;
    gap: 8px;
    margin: 22px 0 24px;
  }
  .plot {
    flex: 1;
    min-width: 0;
    position: relative;
    height: 132px;
    border-bottom: 1px solid var(--divider-color);
    cursor: crosshair;
    touch-action: pan-y;
  }
  svg {
    height: 100%;
  }
  path {
    vector-effect: non-scaling-stroke;
    fill: none;
  }
  .own {
    stroke: var(--medium);
    stroke-width: 2.5px;
    stroke-linejoin: round;
  }
  .area {
    fill: var(--medium);
    opacity: 0.14;
  }
  .reference {
    stroke: var(--quiet);
    stroke-width: 1.5px;
    stroke-dasharray: 4 3;
  }
  .at {
    position: absolute;
    white-space: nowrap;
  }
  .at.point {
    width: 10px;
    height: 10px;
    margin: -5px;
    border-radius: 50%;
    background: var(--medium);
  }
  .at.value {
    font-size: 13px;
    line-height: 18px;
    padding: 0 8px 4px;
    width: max-content;
    box-sizing: border-box;
    white-space: normal;
    text-align: right;
    transform: translate(-100%, -100%);
    text-shadow:
      0 0 3px var(--ground),
      0 0 3px var(--ground),
      0 0 3px var(--ground);
  }
  .at.value.right {
    text-align: left;
    transform: translate(0, -100%);
  }
  .at.tick {
    top: calc(100% + 4px);
    transform: translateX(-50%);
  }
  .at.chosen {
    top: 0;
    bottom: 0;
    width: 0;
    border-left: 1px solid var(--primary-text-color);
  }
  .side {
    position: relative;
    flex: 0 0 80px;
  }
  .side small {
    position: absolute;
    right: 0;
    left: 0;
    text-align: right;
    transform: translateY(-50%);
  }
  /* Choosing a day must not move the chart. */
  @container (max-width: 420px) {
    .month {
      min-height: 48px;
    }
  }
  @container (min-width: 600px) {
    .plot {
      height: 168px;
    }
    .side {
      flex-basis: 112px;
    }
  }
`;var Qd=.9,Yd=2,Jd=1e9,Xd=[2,3,4],zi=3,Cr=r=>typeof r=="number"&&r>=0&&r<Jd?r:null;function Lr({days:r},e){let t=`${e}-01`,n=Math.round((Date.parse(`${U(e,1)}-01`)-Date.parse(t))/864e5),s=r?Math.round((Date.parse(t)-Date.parse(r.start))/864e5):0,o=[...Array(n).keys()].map(u=>u+s),i=o.map(u=>Cr(r?.amounts[u])),a=o.map((u,l)=>i[l]!==null&&(r?.known[u]??0)>=Qd);return{month:e,length:n,amounts:i,isWhole:a}}var ec=({isWhole:r},e)=>r.slice(0,e).every(Boolean);function Oi({amounts:r},e,t){return r.slice(e-1,t).reduce((n,s)=>n+(s??0),0)}function Wi(r,e,t){let n=e.slice(0,7),s=Lr(r,n),o=Number(e.slice(8))-1,i=s.isWhole.slice(0,o),a=r.days?.start.startsWith(n)??!1,u=i.lastIndexOf(!0)+1,l=a?u?i.indexOf(!0)+1:o+1:1,d=o-u>Yd,c=i.slice(l-1,d?o:u).filter(v=>!v).length,p=[...t&&u?[-12]:[],-1].map(v=>Lr(r,U(n,v))),h=c===0&&(l===1||!o)?p.find(v=>v.isWhole[0]&&ec(v,Math.min(u,v.length))):void 0,y=h?Math.min(u,h.length):u;return{month:s,first:l,last:y,missing:c,sum:Oi(s,l,y),reference:h,referenceSum:h?Oi(h,1,y):0}}function qi(r,e,t){let{days:n,index:s,time:o,unit:i}=r,a=n?Math.round((Date.parse(e)-Date.parse(n.start))/864e5):-1,u=Cr(n?.amounts[a]);if(typeof t?.index!="number"||s===null||o===null||!t.time||t.unit!==i)return u;let l=Date.parse(o),d=Date.parse(t.time)-l,p=l>=z(e).getTime()&&d>0&&d<=3*36e5?Cr(t.index-s):null;return p===null?u:(u??0)+p}function Ii({hours:r},e){let t=[...Array(zi).keys()].map(i=>tc(r,j(e,-i))),[n]=t;if(!n)return;let s=t.findIndex(i=>!i?.every(a=>a>0)),o=s<0?zi:s;return{litres:n.reduce((i,a)=>i+a,0),isSteady:o>0,steadyNights:o}}function tc(r,e){if(!r)return;let t=z(e).getTime(),s=[1,2,3,4,5].map(o=>t+o*36e5).filter(o=>Xd.includes(ne(new Date(o)).hour)).map(o=>Cr(r.values[Math.round((o-Date.parse(r.start))/36e5)]));return s.every(o=>o!==null)?s:void 0}var Pn,mt,ht,et,Hn,Fs,Te=class{constructor(e,t){w(this,Hn);w(this,Pn);w(this,mt);w(this,ht,!1);w(this,et);this.down=e=>{$(this,ht,!0),$(this,et,this.index),e.currentTarget.setPointerCapture?.(e.pointerId),_(this,Hn,Fs).call(this,e)};this.move=e=>{(g(this,ht)||e.pointerType==="mouse")&&_(this,Hn,Fs).call(this,e)};this.up=e=>{$(this,ht,!1),e.type==="pointerup"&&this.index!==void 0&&this.index===g(this,et)&&g(this,mt).call(this).open?.(this.index)};this.leave=e=>{e.pointerType==="mouse"&&!g(this,ht)&&this.choose(void 0)};this.key=e=>{let{count:t,column:n=1,open:s}=g(this,mt).call(this),o=this.index,i=l=>{let d=o+l,c=Math.abs(l)<n&&Math.floor(d/n)!==Math.floor(o/n);return d<0||d>=t||c?o:d},u={ArrowLeft:o===void 0?t-1:i(-n),ArrowRight:o===void 0?0:i(n),ArrowUp:n>1&&o!==void 0?i(1):void 0,ArrowDown:n>1&&o!==void 0?i(-1):void 0,Home:0,End:t-1}[e.key];if(e.key==="Escape")this.choose(void 0);else if(e.key==="Enter"&&o!==void 0&&s)s(o);else if(u!==void 0&&t)this.choose(Math.max(0,Math.min(t-1,u)));else return;e.preventDefault()};$(this,Pn,e),$(this,mt,t),e.addController(this)}hostConnected(){this.index=void 0}choose(e){e!==this.index&&(this.index=e,g(this,Pn).requestUpdate())}};Pn=new WeakMap,mt=new WeakMap,ht=new WeakMap,et=new WeakMap,Hn=new WeakSet,Fs=function(e){let t=e.currentTarget.getBoundingClientRect(),[n,s]=[e.clientX-t.left,e.clientY-t.top],{at:o,middle:i}=g(this,mt).call(this);if(i&&g(this,et)!==void 0&&e.pointerType!=="mouse"){let[a,u]=i(g(this,et));if(Math.hypot(a*t.width-n,u*t.height-s)<22)return this.choose(g(this,et))}this.choose(o(n/t.width,s/t.height))};var nc=r=>r.replaceAll("**",""),rc=r=>r.charAt(0).toLocaleUpperCase()+r.slice(1);function Pi({standing:r,units:e,today:t,amount:n},s,o){let i=(m,h)=>o.text(te,m,h),{month:a,reference:u}=r,l=Number(t.slice(8)),d=(m,h)=>{let y=h?n:m.amounts[s-1]??null,v=y===null?"–":Xe(y,e.day,o),b=o.day(ct(m.month,s)),k=y===null||h||m.isWhole[s-1]?v:i("at_least",{sum:v});return`**${h?i("so_far",{day:b}):b}** ${k}`},c=s<=l?d(a,s===l):"",p=u&&s<=u.length?d(u,!1):"";return[c,c?nc(p):p].filter(Boolean).join(" · ")}function Hi({history:r,standing:e,units:t,today:n,amount:s},o){let{month:i,reference:a}=e,u=Lr(r,U(i.month,-1)),l=a&&a.month!==u.month,d=Number(n.slice(8)),c=[i,u,...l?[a]:[]],p=c.map(h=>{let y=h===i,v=h.amounts.map((T,N)=>y&&N+1>=d?null:T),{factor:b,decimals:k,unit:S}=t.day,R=Lt(v.map(T=>(T??0)*b),k);return v.map((T,N)=>{if(y&&N+1===d)return s===null?"–":o.text(te,"so_far",{day:Xe(s,t.day,o)});if(T===null)return y&&N+1>d?"":"–";let H=S?o.unit(R[N],S,k):o.number(R[N],k);return h.isWhole[N]?H:`≥ ${H}`})}),m=Math.max(...c.map(({length:h})=>h));return{head:[o.text(te,"day"),...c.map(h=>rc(Ht(h.month,n,o)))],rows:[...Array(m).keys()].map(h=>[String(h+1),...p.map(y=>y[h]??"")])}}function Ki(r,e,t){let{history:n,units:s,night:o,amount:i}=r,a=(d,c)=>t.text(te,d,c);if(o)return{text:Ri(o,t),isWarning:o.steadyNights>2};let u=[];if(s.day.factor!==1&&s.day.unit==="kWh"&&i!==null){let d=Xe(i,s.own,t),c=t.unit(s.day.factor,"kWh/m³",2);u.push(n.unit==="m3"?a("own_gas",{amount:d,factor:c}):a("own",{amount:d}))}else e!==null&&u.push(a("index",{index:Xe(e,{...s.own,decimals:3},t)}));let l=sc(r);return l&&u.push(a("unknown_hours",{hours:t.unit(l,"h")})),{text:u.join(" · "),isWarning:!1}}function sc({history:{days:r},today:e,time:t}){if(!r||!t||r.start===e)return 0;let n=z(e).getTime(),s=z(j(e,1)).getTime()-n,o=Math.round((Date.parse(e)-Date.parse(r.start))/864e5),i=(r.known[o]??0)*s,a=(Math.min(t.getTime(),n+s)-n-i)/36e5;return a>=1.5?E(a):0}var oc=3*36e5,ic=48*36e5,Vt,Vn,I,pt,Vi,Nr,ji,Bi,Ui,Fi,Gi,Kn=class extends P{constructor(){super(...arguments);w(this,I);w(this,Vt);w(this,Vn,new Te(this,()=>{let t=g(this,Vt)?.drawing.days??0;return{count:t,at:n=>Math.max(0,Math.min(t-1,Math.floor(n*t)))}}))}static getConfigForm(){let t="smarty_p1",n={entry_id:fe().common("meter"),device:fe().text(te,"device")};return{schema:[{name:"entry_id",selector:{config_entry:{integration:t}}},{name:"device",selector:{device:{filter:[{integration:t,model:"M-Bus meter"}]}}}],computeLabel:({name:s})=>n[s]}}setConfig(t){super.setConfig(t);for(let n of["meter","device"]){let s=t[n];if(s!=null&&typeof s!="string")throw new Error(`${n}: an id, as text`)}}get meter(){let{device:t}=this.config,n=({media:s})=>s.some(({device_id:o})=>o===t);return(t?this.meters?.list?.find(n):void 0)??super.meter}content(t,n){let s=n.get("smarty_p1/media",{});if(n.live?.state==="unauthorized"||s.error==="unauthorized")return f`<p role="status">${this.locale.common("not_allowed")}</p>`;let o=s.value?.media??[],{device:i,meter:a}=this.config,u=i?t.media.find(({device_id:b})=>b===i)?.meter:void 0,l=i?u:a??(t.media[0]??o[0])?.meter,d=t.media.find(b=>b.meter===l),c=o.find(b=>b.meter===l);if(!d&&!c){if(!s.value&&!s.error)return this.waiting();if(!s.value)return this.waiting(s.error);let b=t.state!=="receiving"?"nothing_read":i||a?"not_there":"no_media";return f`<p role="status">${_(this,I,pt).call(this,b)}</p>`}let p=n.live?.media?.[String(l)],m=c??{...d,index:p?.index??null,time:p?.time??null,days:null,hours:null},h=[p?.time,m.time].map(b=>Date.parse(b??"")).filter(Number.isFinite),y={name:_(this,I,Vi).call(this,t,m,d?.device_id),deviceId:d?.device_id??null,history:m,newer:p,time:h.length?new Date(Math.max(...h)):void 0,today:D(new Date)},v=Li(m.type,!!this.hass?.themes?.darkMode);return f`<div class="all" style="--medium:${v}">
      <header>
        <h2><ha-icon icon=${Ci(m.type)}></ha-icon><span>${y.name}</span></h2>
        ${_(this,I,ji).call(this,y)}
      </header>
      ${m.days?_(this,I,Fi).call(this,y):c||s.error?_(this,I,Bi).call(this,y):this.waiting()}
    </div>`}};Vt=new WeakMap,Vn=new WeakMap,I=new WeakSet,pt=function(t,n={}){return this.text(te,t,n)},Vi=function(t,{type:n,meter:s},o){let i=o?this.hass?.devices[o]?.name_by_user:void 0,a=Si(n,this.locale);return i||(t.media.filter(u=>u.type===n).length>1?`${a} ${s.slice(-4)}`:a)},Nr=function(t,n){let s=this.locale.time(t);return D(t)===n?s:`${this.locale.shortDay(t)}, ${s}`},ji=function({time:t,today:n}){if(!t)return x;let s=_(this,I,Nr).call(this,t,n),o=Date.now()-t.getTime()>oc;return f`<small class="number">${o?this.locale.common("last",{time:s}):s}</small>`},Bi=function({history:t,newer:n,time:s,today:o}){let i=n?.index??t.index;if(i===null||!s)return f`<p class="sentence">${_(this,I,pt).call(this,"nothing_read")}</p>`;let{own:a}=Us(t.type,t.unit,null,0),u={index:Xe(i,a,this.locale),time:_(this,I,Nr).call(this,s,o)};return f`<p class="sentence">${ge(_(this,I,pt).call(this,"index_only",u))}</p>`},Ui=function({history:t,today:n}){let s=g(this,Vt);if(s?.days!==t.days||s?.today!==n){let o=Wi(t,n,Mi(t.type)),i=[...o.month.amounts,...o.reference?.amounts??[]],a=Math.max(0,...i.map(d=>d??0)),u=Us(t.type,t.unit,t.kwh_per_m3,a),l=Kt(t.type)==="water"?Ii(t,n):void 0;$(this,Vt,s={days:t.days,today:n,standing:o,units:u,night:l,drawing:xi(o)})}return s},Fi=function(t){let{history:n,newer:s,name:o,deviceId:i,time:a,today:u}=t,{standing:l,units:d,night:c,drawing:p}=_(this,I,Ui).call(this,t),m=qi(n,u,s),h=m!==null&&m*d.day.factor>=1e5?d.month:d.day,y=m===null?"–":this.locale.number(m*h.factor,h.decimals),v={history:n,standing:l,units:d,night:c,today:u,amount:m,time:a},b=a&&Date.now()-a.getTime()>ic?_(this,I,pt).call(this,"silent",{time:_(this,I,Nr).call(this,a,u)}):Ti(l,d,n.days.start,u,this.locale),k=g(this,Vn).index,S=k===void 0?b:Pi(v,k+1,this.locale),R=this.isTableShown?Hi(v,this.locale):void 0,T=`${o}: ${me(b)}`;return f`<div class="big">
        ${this.moreInfo(n.type,y,o,i)} <small>${_(this,I,pt).call(this,"today",{unit:h.unit}).trim()}</small>
      </div>
      ${S?this.sentence(S,"month"):x}
      ${p.own||p.reference?Di({days:v,drawing:p,label:T,sentence:S},g(this,Vn),this.locale):x}
      ${R?this.table(o,R.head,()=>R.rows):x} ${_(this,I,Gi).call(this,v,s?.index??n.index)}`},Gi=function(t,n){let{text:s,isWarning:o}=Ki(t,n,this.locale),i=t.history.type==="gas"&&t.history.unit==="m3"&&t.units.day.unit!=="kWh"&&this.hass?.user?.is_admin;return f`${o?f`<p>${ge(s)}</p>`:x}
      <footer>
        ${o||!s?x:f`<small>${s}</small>`}
        ${i?this.link("/config/integrations/integration/smarty_p1",_(this,I,pt).call(this,"enter_factor")):x}
        ${this.tableButton()}
      </footer>`},Kn.styles=[F,Ni];function Zi(r,e,t){let n=T=>T.reduce((N,H)=>N+H,0),s=r.map(({parts:T})=>n(T.filter(N=>N>0))),o=r.map(({parts:T})=>n(T.filter(N=>N<0))),i=r.flatMap(({tick:T,estimate:N})=>[T??0,N??0]),a=Math.max(0,...s,...i),u=Math.min(0,...o,...i),l=a>u?Math.max(a,u+5):a,d=ac(u,l),c=Math.max(34,...d.map(T=>Gs(T.toLocaleString("en"))+8)),p=Math.max(1,(e-c-8)/Math.max(1,r.length)),m=Math.max(2,Math.round(p*.72)),h=l-u||1,y=(t-16-6)/h,v=T=>jt(16+(l-T)*y),b=r.map((T,N)=>c+N*p),k=[],S="",R="";return r.forEach(({parts:T,tick:N,estimate:H},we)=>{let Ve=jt(b[we]+(p-m)/2),pn=(Q,ce)=>`M${Ve} ${v(Q)}h${m}V${v(ce)}h${-m}z`,he=0,je=0;T.forEach((Q,ce)=>{let rt=Q>0?he:je;k[ce]??="",Q&&(k[ce]+=pn(rt,rt+Q),Q>0?he+=Q:je+=Q)}),H!==null&&H>he&&(S+=pn(he,H)),N!==null&&(R+=`M${jt(b[we]+1)} ${v(N)}H${jt(b[we]+p-1)}`)}),{zero:v(0),axis:c,left:b,step:p,paths:k,hatched:S,ticks:R,labels:uc(r,{axis:c,left:b,step:p,width:e,y:v}),lines:d.map(T=>({y:v(T),value:T}))}}var Gs=r=>r.length*7.4,jt=r=>Math.round(r*10)/10;function ac(r,e){let t=(e-r)/6;if(!(t>0)||!Number.isFinite(t))return[0];let n=10**Math.floor(Math.log10(t)),s=n*([1,2,5,10].find(i=>i*n>=t)??10),o=[];for(let i=Math.ceil(r/s)*s;i<=e;i+=s)o.push(Math.abs(i)<s/2?0:i);return o}function uc(r,{axis:e,left:t,step:n,width:s,y:o}){let i=[],a=r.some(({label:m,estimate:h})=>h===null&&Gs(m)>n+6),u=r.map(({tick:m})=>m??Number.NaN),l=u.filter(m=>!Number.isNaN(m)),d=new Set([r.length-1,u.indexOf(Math.max(...l)),u.indexOf(Math.min(...l))]),c=r.map((m,h)=>({...m,index:h})).filter(({label:m,tick:h,isChosen:y,index:v})=>m&&h!==null&&(!a||y||d.has(v))).sort((m,h)=>Number(h.isChosen)-Number(m.isChosen)||h.index-m.index),p=[];for(let{index:m,label:h,tick:y,estimate:v,isChosen:b,isOfStack:k}of c){let S=Gs(h)/2,R=Math.max(e+S-8,Math.min(s-S,t[m]+n/2)),T=o(y),N=je=>i.every(Q=>Math.abs(Q.y-je)>=13||R-S>=Q.to-3||R+S<=Q.from+3),H=T+13+2,we=T-4,he=(v===null&&!k&&o(0)-T>17?[H,we]:[we,H]).find(N);he!==void 0&&(i.push({from:R-S,to:R+S,y:he}),p.push({x:jt(R),y:jt(he),text:h,isChosen:b}))}return p}var Qi={en:{name:"Smarty: months",description:"Twelve months side by side",title:"Twelve months",title_few:"Months",unit:"Euros or kilowatt-hours",a_month:"{unit} a month",a_month_receive:"{unit} a month to receive",so_far:"{unit} in {month} so far",so_far_receive:"{unit} to receive in {month} so far",extremes:"Cheapest {cheapest}, dearest {dearest}",extremes_kwh:"Least in {cheapest}, most in {dearest}",of_months:"In {count} months: {extremes}",only:"{month} is the only whole month so far.",first:"The first whole month ends on {day}.",grid_alone:"Without the price of your energy: this is the grid alone.",with_vat:"with VAT",without_vat:"without VAT",energy:"Energy",network:"Network and meter",levies:"Levies",surcharge:"Above {R}",surcharge_plain:"Above the reference power",above_part:"of which above {R}",above_part_plain:"of which above the reference power",feed_in:"Fed in",drawn:"From the grid",pay:"To pay",grid_total:"Grid alone",month:"Month",count_one:"{count} month",count_other:"{count} months",chart:"Months, to choose from",choice:"{month}: {value}",choice_so_far:"{month}: {value} so far",unknown:"{month}: not known"},de:{name:"Smarty: Monate",description:"Zwölf Monate nebeneinander",title:"Zwölf Monate",title_few:"Monate",unit:"Euro oder Kilowattstunden",a_month:"{unit} im Monat",a_month_receive:"{unit} im Monat zu bekommen",so_far:"{unit} im {month} bisher",so_far_receive:"{unit} im {month} bisher zu bekommen",extremes:"Am günstigsten {cheapest}, am teuersten {dearest}",extremes_kwh:"Am wenigsten im {cheapest}, am meisten im {dearest}",of_months:"In {count} Monaten: {extremes}",only:"{month} ist bisher der einzige ganze Monat.",first:"Der erste ganze Monat endet am {day}.",grid_alone:"Ohne den Preis deiner Energie: Das ist das Netz allein.",with_vat:"mit MwSt.",without_vat:"ohne MwSt.",energy:"Energie",network:"Netz und Zähler",levies:"Abgaben",surcharge:"Über {R}",surcharge_plain:"Über der Referenzleistung",above_part:"davon über {R}",above_part_plain:"davon über der Referenzleistung",feed_in:"Eingespeist",drawn:"Aus dem Netz",pay:"Zu zahlen",grid_total:"Netz allein",month:"Monat",count_one:"{count} Monat",count_other:"{count} Monate",chart:"Monate zur Auswahl",choice:"{month}: {value}",choice_so_far:"{month}: {value} bisher",unknown:"{month}: nicht bekannt"},fr:{name:"Smarty : mois",description:"Douze mois côte à côte",title:"Douze mois",title_few:"Mois",unit:"Euros ou kilowattheures",a_month:"{unit} par mois",a_month_receive:"{unit} par mois à recevoir",so_far:"{unit} jusqu'ici en {month}",so_far_receive:"{unit} à recevoir jusqu'ici en {month}",extremes:"Le moins cher : {cheapest} ; le plus cher : {dearest}",extremes_kwh:"Le moins : {cheapest} ; le plus : {dearest}",of_months:"Sur {count} mois, {extremes}",only:"{month} est le seul mois entier jusqu'ici.",first:"Le premier mois entier se termine le {day}.",grid_alone:"Sans le prix de votre énergie : c'est le réseau seul.",with_vat:"TVA comprise",without_vat:"hors TVA",energy:"Énergie",network:"Réseau et compteur",levies:"Taxes",surcharge:"Au-dessus de {R}",surcharge_plain:"Au-dessus de la puissance de référence",above_part:"dont au-dessus de {R}",above_part_plain:"dont au-dessus de la puissance de référence",feed_in:"Injecté",drawn:"Du réseau",pay:"À payer",grid_total:"Réseau seul",month:"Mois",count_one:"{count} mois",count_other:"{count} mois",chart:"Mois à choisir",choice:"{month} : {value}",choice_so_far:"{month} : {value} jusqu'ici",unknown:"{month} : inconnu"},lb:{name:"Smarty: Méint",description:"Zwielef Méint niefteneen",title:"Zwielef Méint",title_few:"Méint",unit:"Euro oder Kilowattstonnen",a_month:"{unit} de Mount",a_month_receive:"{unit} de Mount ze kréien",so_far:"{unit} am {month} bis elo",so_far_receive:"{unit} am {month} bis elo ze kréien",extremes:"Am bëllegsten {cheapest}, am deiersten {dearest}",extremes_kwh:"Am mannsten am {cheapest}, am meeschten am {dearest}",of_months:"A {count} Méint: {extremes}",only:"{month} ass bis elo deen eenzege ganze Mount.",first:"Den éischte ganze Mount ass den {day} eriwwer.",grid_alone:"Ouni de Präis vun Ärer Energie: Dat ass nëmmen d'Netz.",with_vat:"mat TVA",without_vat:"ouni TVA",energy:"Energie",network:"Netz a Compteur",levies:"Taxen",surcharge:"Iwwer {R}",surcharge_plain:"Iwwer der Referenzleeschtung",above_part:"dovun iwwer {R}",above_part_plain:"dovun iwwer der Referenzleeschtung",feed_in:"Agespeist",drawn:"Aus dem Netz",pay:"Ze bezuelen",grid_total:"Nëmmen d'Netz",month:"Mount",count_one:"{count} Mount",count_other:"{count} Méint",chart:"Méint fir ze wielen",choice:"{month}: {value}",choice_so_far:"{month}: {value} bis elo",unknown:"{month}: net bekannt"},pt:{name:"Smarty: meses",description:"Doze meses lado a lado",title:"Doze meses",title_few:"Meses",unit:"Euros ou quilowatts-hora",a_month:"{unit} por mês",a_month_receive:"{unit} por mês a receber",so_far:"{unit} em {month} até agora",so_far_receive:"{unit} a receber em {month} até agora",extremes:"Mais barato: {cheapest}; mais caro: {dearest}",extremes_kwh:"Menos: {cheapest}; mais: {dearest}",of_months:"Em {count} meses, {extremes}",only:"{month} é o único mês completo até agora.",first:"O primeiro mês completo termina em {day}.",grid_alone:"Sem o preço da sua energia: isto é só a rede.",with_vat:"com IVA",without_vat:"sem IVA",energy:"Energia",network:"Rede e contador",levies:"Taxas",surcharge:"Acima de {R}",surcharge_plain:"Acima da potência de referência",above_part:"dos quais acima de {R}",above_part_plain:"dos quais acima da potência de referência",feed_in:"Injetado",drawn:"Da rede",pay:"A pagar",grid_total:"Só a rede",month:"Mês",count_one:"{count} mês",count_other:"{count} meses",chart:"Meses à escolha",choice:"{month}: {value}",choice_so_far:"{month}: {value} até agora",unknown:"{month}: desconhecido"}};var Z=Qi,Zs=13,Yi=12,Ji=.9,dc=.1,jn={"€":["energy","network","levies","surcharge","feed_in"],kWh:["drawn","surcharge","feed_in"]};function Xi(r,e){let t=r.at(-1)?.month??"2000-01",n=new Map(r.map(a=>[a.month,a])),s=Array.from({length:Zs},(a,u)=>{let l=U(t,u-Zs+1);return cc(l,n.get(l),e,u===Zs-1)}),o=s.filter(({isWhole:a})=>a),i=a=>o.reduce((u,l)=>u+a(l),0);return{unit:e,months:s,whole:o,sum:i(({value:a})=>a??0),sumParts:jn[e].map((a,u)=>i(({parts:l})=>l[u]??0))}}function cc(r,e,t,n){let s=(e&&(t==="€"?e.total:e.imported_kwh))??null,o=e!==void 0&&Pt(e);return{month:r,start:z(`${r}-01`),bill:e,isRunning:o,isWhole:s!==null&&!o&&!n&&e.measured_share>=Ji,value:s,parts:e&&s!==null?mc(e,t):[],estimate:t==="€"&&o&&s!==null?e.estimate?.total??null:null}}function mc(r,e){if(e==="kWh"){let a=r.lines.filter(({name:u})=>u==="surcharge").reduce((u,{quantity:l})=>u+l,0);return[r.imported_kwh-a,a,-(r.exported_kwh??0)]}let{energy:t=0,network:n=0,levies:s=0,surcharge:o=0,feed_in:i=0}=r.parts;return[t,n,s,o,i]}function ea(r,e){let t=(d,c={})=>e.text(Z,d,c),{whole:n,unit:s,months:o}=r,i=o.at(-1),a=t(n.length<Yi?"title_few":"title");if(!n.length){let d=s==="€"&&(i.value??0)<0,c=t(d?"so_far_receive":"so_far",{unit:s,month:e.month(i.start)}),p=i.isRunning?t("first",{day:e.day(pc(i.bill))}):"";return{title:a,value:i.value===null?"–":e.number(Math.abs(i.value)),label:c,sentence:p}}let u=E(r.sum/n.length),l=t(u<0?"a_month_receive":"a_month",{unit:s});return{title:a,value:e.number(Math.abs(u)),label:l,sentence:hc(r,e,t)}}function hc({whole:r,unit:e},t,n){let s=l=>r.reduce((d,c)=>l*(c.value-d.value)>0?c:d),o=l=>t.month(l.start);if(r.length===1)return Js(n("only",{month:o(r[0])}));let[i,a]=[s(-1),s(1)],u=E(i.value)===E(a.value)?"":n(e==="€"?"extremes":"extremes_kwh",{cheapest:o(i),dearest:o(a)});return r.length===Yi||!u?u:n("of_months",{count:r.length,extremes:gc(u)})}function pc(r){if(r.measured_share>=Ji&&!r.since)return Vs(r);let e=U(D(new Date(r.end)).slice(0,7),1);return z(j(`${e}-01`,-1))}var Js=r=>r.charAt(0).toUpperCase()+r.slice(1),gc=r=>r.charAt(0).toLowerCase()+r.slice(1);function ta(r,e,t){let{unit:n,whole:s}=r,o=(m,h={})=>t.text(Z,m,h),i=[e.value===null?null:Ys(e.parts,e.value,n),...s.length?[Ys(r.sumParts,r.sum,n)]:[]],a=[o(Qs(r)?.vat_rate===0?"without_vat":"with_vat"),Js(t.monthYear(e.start)),...s.length?[t.count(Z,"count",s.length)]:[]];n==="kWh"&&(a[0]="kWh");let u=m=>m===void 0?"–":n==="€"?t.euros(m):t.number(m),l=jn[n].flatMap((m,h)=>r.months.every(({parts:v})=>!E(v[h]??0))&&m!=="drawn"?[]:[{key:m,name:na(m,r,t),cells:i.map(v=>u(v?.[h]))}]);if(n==="kWh")return{head:a,rows:l,total:void 0};let d=!!(Qs(r)&&It(Qs(r))),p=[e.value,...s.length?[r.sum]:[]].map(m=>u(m===null?void 0:m));return{head:a,rows:l,total:{key:"pay",name:o(d?"grid_total":"pay"),cells:p}}}function Ys(r,e,t){let n=Math.abs(r.reduce((a,u)=>a+u,0)-e)<dc;if(t==="€")return n?Lt(r,0,e):void 0;let[s=0,o=0,i=0]=r;return[E(s+o),E(o),E(-i)]}function na(r,e,t){if(r!=="surcharge")return t.text(Z,r);let n=new Set(e.months.flatMap(({bill:i})=>i?.reference_kw??[])),[s]=n,o=e.unit==="€"?"surcharge":"above_part";return n.size!==1||s===void 0?t.text(Z,`${o}_plain`):t.text(Z,o,{R:t.referenceKW(s)})}var Qs=r=>r.months.at(-1)?.bill;function ra(r,e,t){let n=Js(t.monthYear(r.start));if(r.value===null)return t.text(Z,"unknown",{month:n});let s=e==="€"?t.euros(r.value):t.kWh(r.value,0);return t.text(Z,r.isRunning?"choice_so_far":"choice",{month:n,value:s})}function sa(r,e){let t=r.estimate??r.value;return t===null?"":r.estimate===null?e.number(t):`≈ ${e.number(t)}`}function oa(r,e){let t=a=>e.text(Z,a),n=jn[r.unit],s=r.unit,o=[t("month"),...n.map(a=>na(a,r,e)),...s==="€"?[t("pay")]:[]],i=r.months.map(a=>{let u=a.value===null?void 0:Ys(a.parts,a.value,s),l=[...n.map((d,c)=>u?.[c]),...s==="€"?[a.value??void 0]:[]];return[e.monthYear(a.start),...l.map(d=>d===void 0?"–":e.number(d))]});return{head:o,rows:i}}var zr=196,ia=20,_c=320,Xs={"€":["var(--drawn)","var(--drawn-70)","var(--drawn-44)","var(--excess)","var(--fed-in)"],kWh:["var(--drawn)","var(--excess)","var(--fed-in)"]},aa=O`
  :host {
    --drawn-70: color-mix(in srgb, var(--drawn) 70%, var(--ground));
    --drawn-44: color-mix(in srgb, var(--drawn) 44%, var(--ground));
  }
  .chart {
    margin-top: 4px;
    cursor: pointer;
    touch-action: pan-y;
  }
  .line {
    stroke: var(--divider-color);
  }
  .zero {
    stroke: var(--quiet);
  }
  .tick {
    stroke: var(--primary-text-color);
    stroke-width: 2.5;
  }
  .halo {
    stroke: var(--ground);
    stroke-width: 4;
  }
  .value {
    fill: var(--primary-text-color);
    stroke: var(--ground);
    stroke-width: 3.5;
    stroke-linejoin: round;
    paint-order: stroke;
  }
  .chosen {
    font-weight: 500;
    fill: var(--primary-text-color);
  }
  .column {
    fill: var(--chosen);
  }
`;function ua({year:r,chosen:e,locale:t,width:n,choose:s}){let{months:o,unit:i}=r,a=n||_c,u=o.indexOf(e),l=yc(r,e,a,t),d=o.filter(({bill:m})=>m),c=m=>{let h=m.currentTarget.getBoundingClientRect(),y=(m.clientX-h.left-l.axis)/l.step-.5,v=b=>Math.abs(o.indexOf(b)-y);s(d.reduce((b,k)=>v(k)<v(b)?k:b,e).month)},p=m=>{let h=d.indexOf(e),y=d.length-1,b={ArrowLeft:h-1,ArrowRight:h+1,Home:0,End:y,Escape:y}[m.key];b!==void 0&&(m.preventDefault(),s(d[Math.max(0,Math.min(y,b))].month))};return f`<div
    class="chart"
    role="slider"
    tabindex="0"
    aria-label=${t.text(Z,"chart")}
    aria-valuemin="1"
    aria-valuemax=${o.length}
    aria-valuenow=${u+1}
    aria-valuetext=${ra(e,i,t)}
    @click=${c}
    @pointermove=${m=>m.buttons&&c(m)}
    @keydown=${p}
  >
    <svg height=${zr+ia} aria-hidden="true">
      <defs>${Mr("coming","var(--drawn)")}</defs>
      <rect class="column" x=${l.left[u]} y="0" width=${l.step} height=${zr+ia} rx="6"></rect>
      ${l.lines.map(({y:m,value:h})=>A`<line class=${h?"line":"zero"} x1=${l.axis} x2=${a} y1=${m} y2=${m}></line>
          <text x=${l.axis-6} y=${m+4} text-anchor="end">${t.number(h)}</text>`)}
      ${l.paths.map((m,h)=>A`<path d=${m} fill=${Xs[i][h]}></path>`)}
      <path d=${l.hatched} fill="url(#coming)"></path>
      <line class="zero" x1=${l.axis} x2=${a} y1=${l.zero} y2=${l.zero}></line>
      ${i==="€"?A`<path class="halo" d=${l.ticks}></path><path class="tick" d=${l.ticks}></path>`:x}
      ${l.labels.map(({x:m,y:h,text:y,isChosen:v})=>A`<text class="value ${v?"chosen":""}" x=${m} y=${h} text-anchor="middle">${y}</text>`)}
      ${o.map(({start:m},h)=>A`<text class=${h===u?"chosen":""} x=${l.left[h]+l.step/2} y=${zr+14}
            text-anchor="middle">${t.month(m).charAt(0).toUpperCase()}</text>`)}
    </svg>
  </div>`}function yc({months:r,unit:e},t,n,s){let o=r.map(i=>({parts:i.parts,tick:i.estimate??i.value,label:sa(i,s),estimate:i.estimate,isChosen:i===t,isOfStack:e==="kWh"}));return Zi(o,n,zr)}var Ut,Ft,Y,eo,la,da,ca,to,ma,Bt=class extends P{constructor(){super();w(this,Y);w(this,Ut);w(this,Ft);this.unit="€",this.width=0}getCardSize(){return 9}connectedCallback(){super.connectedCallback(),$(this,Ft,new ResizeObserver(()=>_(this,Y,eo).call(this))),g(this,Ft).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,Ft)?.disconnect()}updated(t){_(this,Y,eo).call(this)}content(t,n){let{bills:s,error:o}=Tr(n);if(!s)return _(this,Y,ma).call(this,t,o);let i=Rr(s,n).month,a=[s,i,this.unit,this.width,this.locale,this.isTableShown,t,this.hass?.user?.is_admin];return g(this,Ut)?.of.every((u,l)=>u===a[l])||$(this,Ut,{of:a,shown:_(this,Y,la).call(this,t,n,s,i)}),g(this,Ut).shown}};Ut=new WeakMap,Ft=new WeakMap,Y=new WeakSet,eo=function(){let t=this.renderRoot.querySelector(".chart")?.clientWidth;t&&(this.width=t)},la=function(t,n,s,o){let{locale:i,unit:a,width:u}=this,l=Xi(s,a),d=ea(l,i),c=l.months.find(y=>y.month===o),p=a==="€"&&It(s.at(-1)),m=oa(l,i),h={year:l,chosen:c,locale:i,width:u,choose:y=>Dr(s,n,y)};return f`<header>
        <h2>${d.title}</h2>
        ${_(this,Y,da).call(this)}
      </header>
      <div class="big">${d.value}<small> ${d.label}</small></div>
      ${d.sentence?this.sentence(d.sentence):x}
      ${p?f`<p class="small">${this.text(Z,"grid_alone")}</p>`:x}
      ${p?_(this,Y,to).call(this,t,"enter_prices"):x}
      ${ua(h)} ${_(this,Y,ca).call(this,l,c)}
      ${this.table(d.title,m.head,()=>m.rows)}
      <footer>${this.tableButton()}</footer>`},da=function(){let t=n=>f`<label
        ><input class="hidden" type="radio" name="unit" .checked=${this.unit===n} @change=${()=>this.unit=n} />${n}</label
      >`;return f`<fieldset aria-label=${this.text(Z,"unit")}>${t("€")}${t("kWh")}</fieldset>`},ca=function(t,n){let{head:s,rows:o,total:i}=ta(t,n,this.locale),a=l=>f`<span class="dot" style="background:${Xs[this.unit][jn[this.unit].indexOf(l)]}"></span>`,u=({name:l,cells:d},c)=>f`<tr><th scope="row">${c}${l}</th>${d.map(p=>f`<td class="number">${p}</td>`)}</tr>`;return f`<table class="parts">
      <thead><tr>${s.map(l=>f`<th scope="col">${l}</th>`)}</tr></thead>
      <tbody>${o.map(l=>u(l,a(l.key)))}</tbody>
      ${i?f`<tfoot>${u(i,f`<span class="mark"></span>`)}</tfoot>`:x}
    </table>`},to=function(t,n){return qn({hass:this.hass,link:(s,o)=>this.link(s,o)},t,this.locale,n)},ma=function(t,n){let s=Ar(n);return f`<h2>${this.text(Z,"title_few")}</h2>
      ${s?f`<p role="status">${this.text(re,s)}</p>`:this.waiting(n)}
      ${s==="no_reference_power"?_(this,Y,to).call(this,t,"enter_reference"):x}`},Bt.styles=[F,aa,O`
      header {
        align-items: center;
      }
      fieldset {
        display: flex;
        flex: none;
        margin: 0;
        padding: 0;
        border: 1px solid var(--divider-color);
        border-radius: 22px;
        overflow: hidden;
      }
      label {
        position: relative;
        display: grid;
        place-items: center;
        min-width: 56px;
        height: 44px;
        font-size: 13px;
        cursor: pointer;
      }
      label:has(:checked) {
        background: var(--chosen);
        font-weight: 500;
      }
      label:has(:focus-visible) {
        outline: 2px solid var(--link);
        outline-offset: -2px;
        border-radius: 22px;
      }
      .parts {
        margin-top: 8px;
      }
      .parts th,
      .parts td {
        font-size: 13px;
        line-height: 18px;
        padding: 3px 0 3px 8px;
        font-weight: 400;
        text-align: right;
        vertical-align: top;
      }
      .parts tr > :first-child {
        text-align: left;
        padding-left: 0;
      }
      .parts thead {
        color: var(--quiet);
      }
      .parts tfoot th,
      .parts tfoot td {
        border-top: 1px solid var(--divider-color);
        font-weight: 500;
      }
      /* Numbers stay whole: where they do not fit, the table is moved within its frame. */
      .behind th,
      .behind td {
        overflow-wrap: normal;
      }
      .mark {
        display: inline-block;
        width: 10px;
        height: 3px;
        margin: 0 8px 4px 0;
        background: var(--primary-text-color);
      }
    `],Bt.properties={...P.properties,unit:{state:!0},width:{state:!0}};function ha(r,e,t){let n=Math.max(r,e??0),s=Math.max(1.25*(t??.8),1.08*n),o=u=>Math.max(0,Math.min(1,u/s))||0,i=[],a=(u,l,d)=>{let c=Math.min(Math.max(t??l,u),l);for(let[p,m,h]of[["drawn",u,c],["excess",c,l]])o(h)>o(m)&&i.push({kind:p,isEstimate:d,from:o(m),to:o(h)})};return a(0,r,!1),a(r,n,!0),{parts:i,limit:t===void 0?void 0:o(t)}}function pa(r){let e=Math.max(2,...r.map(t=>Math.abs(t??0)));return r.map((t,n)=>{let s=.5+(t??0)/e/2;return{name:`L${n+1}`,power:t,from:Math.min(.5,s),to:Math.max(.5,s)}})}var ga=O`
  .banner.calm {
    border-inline-start-color: var(--quiet);
    background: var(--chosen);
  }
  .banner h2 {
    display: flex;
    gap: 8px;
  }
  .banner ha-icon {
    flex: none;
    color: var(--excess-text);
  }
  .banner.calm ha-icon {
    color: var(--quiet);
  }
  .banner p {
    font-size: 13px;
    line-height: 18px;
    padding-bottom: 8px;
  }
  .banner a {
    font-size: 13px;
    margin-top: -8px;
  }
`;function fa({title:r,help:e,isCalm:t},n){return f`<div class="banner ${t?"calm":""}" role="status">
    <h2><ha-icon icon=${t?"mdi:information-outline":"mdi:alert-circle-outline"}></ha-icon><span>${r}</span></h2>
    <p>${e}</p>
    ${n}
  </div>`}var _a=[ga,O`
    .big small {
      margin-inline-start: 8px;
    }
    .big.draws {
      color: var(--drawn);
    }
    .big.feeds {
      color: var(--fed-in);
    }
    .big.above {
      color: var(--excess);
    }
    .old h2,
    .old .big,
    .old .sentence {
      color: var(--quiet);
    }
    /* Room for the longest sentence: what is below stays where it is. */
    .answer {
      min-height: 48px;
    }
    @container (max-width: 330px) {
      .answer {
        min-height: 72px;
      }
    }
    .rest {
      margin-top: auto;
      padding-top: 12px;
    }
    .labels {
      display: flex;
      flex-wrap: wrap;
      justify-content: space-between;
      gap: 0 8px;
    }
    .labels .mean,
    .phases .labels span:last-child {
      color: var(--primary-text-color);
      white-space: nowrap;
    }
    .bar,
    .track {
      position: relative;
      background: var(--track);
    }
    .bar {
      height: 16px;
      margin: 6px 0;
    }
    .track {
      height: 8px;
      margin: 3px 0;
    }
    i {
      position: absolute;
      top: 0;
      bottom: 0;
      background: var(--bar);
    }
    .drawn {
      --bar: var(--drawn);
    }
    .fed {
      --bar: var(--fed-in);
    }
    i.excess {
      --bar: var(--excess);
    }
    i.hatched {
      background: repeating-linear-gradient(
        135deg,
        var(--bar) 0 2.5px,
        color-mix(in srgb, var(--bar) 18%, transparent) 2.5px 5px
      );
    }
    i.line {
      top: -6px;
      bottom: -6px;
      width: 2px;
      margin-left: -1px;
      background: var(--primary-text-color);
    }
    /* Where nothing flows: thinner than a limit. */
    .track i.line {
      top: -2px;
      bottom: -2px;
      left: 50%;
      width: 1px;
      margin-left: 0;
      background: var(--quiet);
    }
    .phases {
      display: grid;
      grid-template-columns: repeat(3, minmax(0, 1fr));
      gap: 20px;
      margin-top: 14px;
    }
  `];var Or={en:{silent:"Nothing heard for {duration}",silent_yet:"Nothing heard yet",silent_help:"The port answers, the meter is silent. Check the cable at the P1 port, and that the port is switched on.",lost_help:"Nothing new has reached this page. It tries again by itself.",key:"The key does not fit this meter",key_help:"Telegrams arrive, but none can be verified. Your grid operator sends the key of meter {serial}.",key_missing:"The key of this meter is missing",key_missing_help:"It encrypts its telegrams. Your grid operator sends the key of meter {serial}.",authentication:"The authentication key does not fit",authentication_help:"Telegrams arrive, but none can be verified: meter {serial} uses another authentication key.",port:"The port cannot be read",port_help:"Check the cable, and whether the port has another name now.",gateway:"The gateway does not answer",gateway_help:"Check that it is switched on and on the network. Most gateways serve only one program at a time.",busy:"Another program uses the port",busy_help:"Close that program, or disable the integration that reads the port.",permission:"Home Assistant may not open the port",permission_help:"Give it access to serial ports.",mqtt:"No connection to the MQTT broker",mqtt_help:"Check the MQTT integration under Devices & services.",unreadable:"What arrives cannot be read",unreadable_help:"Telegrams are damaged, or come from something else. Check the cable and that the gateway passes on all bytes unchanged.",other_meter:"This is another meter",other_meter_help:"Telegrams come from a meter other than {serial}. Check the cables, or choose the right port.",replay:"Only old telegrams arrive",replay_help:"They repeat earlier ones and are not trusted. If your grid operator has restarted their numbering, remove the meter and add it again.",unencrypted:"The meter no longer encrypts",unencrypted_help:"A key is set, so its telegrams are not trusted. Ask your grid operator whether that is intended.",late:"Telegrams arrive late",late_help:"They are counted, but not shown as present. If this goes on, check the connection of the gateway.",failing:"No telegram is accepted",failing_help:"The settings of the meter say why.",error:"The meter cannot be read",error_help:"The settings of the meter and the log of Home Assistant say why.",retrying:"The meter cannot be read",retrying_help:"Home Assistant goes on trying by itself.",disabled:"This meter is disabled",disabled_help:"While it is disabled in Home Assistant, nothing is read or counted.",not_loaded:"This meter is not being read",not_loaded_help:"If Home Assistant is starting, this passes by itself.",last_good:"The last good telegram came at {time}.",enter_key:"Enter the key",check_connection:"Check the connection",see_repair:"See what helps",enable:"Enable the meter",ask_admin:"An administrator of Home Assistant can help.",minutes_one:"{count} minute",minutes_other:"{count} minutes",hours_one:"{count} hour",hours_other:"{count} hours",days_one:"{count} day",days_other:"{count} days"},de:{silent:"Seit {duration} nichts empfangen",silent_yet:"Noch nichts empfangen",silent_help:"Der Anschluss antwortet, der Zähler schweigt. Prüfe das Kabel am P1-Anschluss, und ob dieser eingeschaltet ist.",lost_help:"Nichts Neues hat diese Seite erreicht. Sie versucht es von selbst wieder.",key:"Der Schlüssel passt nicht zu diesem Zähler",key_help:"Telegramme kommen an, aber keines lässt sich prüfen. Dein Netzbetreiber schickt den Schlüssel des Zählers {serial}.",key_missing:"Der Schlüssel dieses Zählers fehlt",key_missing_help:"Er verschlüsselt seine Telegramme. Dein Netzbetreiber schickt den Schlüssel des Zählers {serial}.",authentication:"Der Authentifizierungsschlüssel passt nicht",authentication_help:"Telegramme kommen an, aber keines lässt sich prüfen: Zähler {serial} benutzt einen anderen Authentifizierungsschlüssel.",port:"Der Anschluss kann nicht gelesen werden",port_help:"Prüfe das Kabel, und ob der Anschluss jetzt anders heißt.",gateway:"Das Gateway antwortet nicht",gateway_help:"Prüfe, ob es eingeschaltet und im Netzwerk ist. Die meisten bedienen nur ein Programm zugleich.",busy:"Ein anderes Programm benutzt den Anschluss",busy_help:"Schließe es, oder deaktiviere die Integration, die den Anschluss liest.",permission:"Home Assistant darf den Anschluss nicht öffnen",permission_help:"Gib ihm Zugriff auf serielle Anschlüsse.",mqtt:"Keine Verbindung zum MQTT-Broker",mqtt_help:"Prüfe die MQTT-Integration unter Geräte & Dienste.",unreadable:"Was ankommt, ist nicht lesbar",unreadable_help:"Telegramme sind beschädigt oder kommen von etwas anderem. Prüfe das Kabel, und ob das Gateway alle Bytes unverändert weitergibt.",other_meter:"Das ist ein anderer Zähler",other_meter_help:"Telegramme kommen von einem anderen Zähler als {serial}. Prüfe die Kabel, oder wähle den richtigen Anschluss.",replay:"Nur alte Telegramme kommen an",replay_help:"Sie wiederholen frühere und gelten nicht. Hat dein Netzbetreiber ihre Zählung neu begonnen, entferne den Zähler und füge ihn wieder hinzu.",unencrypted:"Der Zähler verschlüsselt nicht mehr",unencrypted_help:"Ein Schlüssel ist gesetzt, deshalb gelten seine Telegramme nicht. Frage deinen Netzbetreiber, ob das gewollt ist.",late:"Telegramme kommen verspätet",late_help:"Sie werden gezählt, aber nicht als jetzig gezeigt. Bleibt das so, prüfe die Verbindung des Gateways.",failing:"Kein Telegramm wird angenommen",failing_help:"Die Einstellungen des Zählers sagen, warum.",error:"Der Zähler kann nicht gelesen werden",error_help:"Die Einstellungen des Zählers und das Protokoll von Home Assistant sagen, warum.",retrying:"Der Zähler kann nicht gelesen werden",retrying_help:"Home Assistant versucht es von selbst weiter.",disabled:"Dieser Zähler ist deaktiviert",disabled_help:"Solange er in Home Assistant deaktiviert ist, wird nichts gelesen oder gezählt.",not_loaded:"Dieser Zähler wird nicht gelesen",not_loaded_help:"Wenn Home Assistant gerade startet, vergeht das von selbst.",last_good:"Das letzte gute Telegramm kam um {time}.",enter_key:"Schlüssel eingeben",check_connection:"Verbindung prüfen",see_repair:"Sehen, was hilft",enable:"Zähler aktivieren",ask_admin:"Ein Administrator von Home Assistant kann helfen.",minutes_one:"{count} Minute",minutes_other:"{count} Minuten",hours_one:"{count} Stunde",hours_other:"{count} Stunden",days_one:"{count} Tag",days_other:"{count} Tagen"},fr:{silent:"Rien reçu depuis {duration}",silent_yet:"Rien reçu pour l'instant",silent_help:"Le port répond, le compteur se tait. Vérifiez le câble au port P1, et que ce port est activé.",lost_help:"Rien de nouveau n'est arrivé à cette page. Elle réessaie d'elle-même.",key:"La clé ne correspond pas à ce compteur",key_help:"Des télégrammes arrivent, mais aucun ne peut être vérifié. Votre gestionnaire de réseau envoie la clé du compteur {serial}.",key_missing:"La clé de ce compteur manque",key_missing_help:"Il chiffre ses télégrammes. Votre gestionnaire de réseau envoie la clé du compteur {serial}.",authentication:"La clé d'authentification ne correspond pas",authentication_help:"Des télégrammes arrivent, mais aucun ne peut être vérifié : le compteur {serial} utilise une autre clé d'authentification.",port:"Le port ne peut pas être lu",port_help:"Vérifiez le câble, et si le port porte maintenant un autre nom.",gateway:"La passerelle ne répond pas",gateway_help:"Vérifiez qu'elle est allumée et sur le réseau. La plupart ne servent qu'un programme à la fois.",busy:"Un autre programme utilise le port",busy_help:"Fermez-le, ou désactivez l'intégration qui lit le port.",permission:"Home Assistant n'a pas le droit d'ouvrir le port",permission_help:"Donnez-lui l'accès aux ports série.",mqtt:"Pas de connexion au broker MQTT",mqtt_help:"Vérifiez l'intégration MQTT sous Appareils et services.",unreadable:"Ce qui arrive n'est pas lisible",unreadable_help:"Les télégrammes sont endommagés, ou viennent d'autre chose. Vérifiez le câble, et que la passerelle transmet tous les octets inchangés.",other_meter:"C'est un autre compteur",other_meter_help:"Les télégrammes viennent d'un autre compteur que {serial}. Vérifiez les câbles, ou choisissez le bon port.",replay:"Seuls d'anciens télégrammes arrivent",replay_help:"Ils répètent des précédents et ne sont pas acceptés. Si votre gestionnaire de réseau a repris leur numérotation à zéro, supprimez le compteur et ajoutez-le à nouveau.",unencrypted:"Le compteur ne chiffre plus",unencrypted_help:"Une clé est saisie, ses télégrammes ne sont donc pas acceptés. Demandez à votre gestionnaire de réseau si c'est voulu.",late:"Les télégrammes arrivent en retard",late_help:"Ils sont comptés, mais pas affichés comme actuels. Si cela dure, vérifiez la connexion de la passerelle.",failing:"Aucun télégramme n'est accepté",failing_help:"Les réglages du compteur disent pourquoi.",error:"Le compteur ne peut pas être lu",error_help:"Les réglages du compteur et le journal de Home Assistant disent pourquoi.",retrying:"Le compteur ne peut pas être lu",retrying_help:"Home Assistant continue d'essayer de lui-même.",disabled:"Ce compteur est désactivé",disabled_help:"Tant qu'il est désactivé dans Home Assistant, rien n'est lu ni compté.",not_loaded:"Ce compteur n'est pas lu",not_loaded_help:"Si Home Assistant démarre, cela passe tout seul.",last_good:"Le dernier bon télégramme est arrivé à {time}.",enter_key:"Saisir la clé",check_connection:"Vérifier la connexion",see_repair:"Voir ce qui aide",enable:"Activer le compteur",ask_admin:"Un administrateur de Home Assistant peut aider.",minutes_one:"{count} minute",minutes_other:"{count} minutes",hours_one:"{count} heure",hours_other:"{count} heures",days_one:"{count} jour",days_other:"{count} jours"},lb:{silent:"Zënter {duration} näischt empfaangen",silent_yet:"Nach näischt empfaangen",silent_help:"Den Uschloss äntwert, de Compteur ass roueg. Kuckt de Kabel um P1-Uschloss no, an ob deen ageschalt ass.",lost_help:"Näischt Neies ass op dëser Säit ukomm. Si probéiert et vu selwer nach eng Kéier.",key:"De Schlëssel passt net bei dëse Compteur",key_help:"Telegrammer kommen un, awer keen ka gepréift ginn. Ären Netzbedreiwer schéckt de Schlëssel vum Compteur {serial}.",key_missing:"De Schlëssel vun dësem Compteur feelt",key_missing_help:"E verschlësselt seng Telegrammer. Ären Netzbedreiwer schéckt de Schlëssel vum Compteur {serial}.",authentication:"Den Authentifizéierungsschlëssel passt net",authentication_help:"Telegrammer kommen un, awer keen ka gepréift ginn: de Compteur {serial} benotzt en aneren Authentifizéierungsschlëssel.",port:"Den Uschloss kann net gelies ginn",port_help:"Kuckt de Kabel no, an ob den Uschloss elo anescht heescht.",gateway:"De Gateway äntwert net",gateway_help:"Kuckt no, ob en ageschalt an am Netzwierk ass. Déi meescht bedéngen nëmmen ee Programm gläichzäiteg.",busy:"En anere Programm benotzt den Uschloss",busy_help:"Maacht en zou, oder deaktivéiert d'Integratioun, déi den Uschloss liest.",permission:"Home Assistant däerf den Uschloss net opmaachen",permission_help:"Gitt em Zougrëff op seriell Uschlëss.",mqtt:"Keng Verbindung mam MQTT-Broker",mqtt_help:"Kuckt d'MQTT-Integratioun ënner Apparater & Servicer no.",unreadable:"Wat ukënnt, ass net liesbar",unreadable_help:"Telegrammer si beschiedegt oder komme vun eppes anerem. Kuckt de Kabel no, an ob de Gateway all Bytes onverännert weidergëtt.",other_meter:"Dat ass en anere Compteur",other_meter_help:"Telegrammer komme vun engem anere Compteur wéi {serial}. Kuckt d'Kabelen no, oder wielt de richtegen Uschloss.",replay:"Nëmmen al Telegrammer kommen un",replay_help:"Si widderhuele fréier a gëllen net. Huet Ären Netzbedreiwer hir Zielung nei ugefaangen, huelt de Compteur ewech a setzt en nei dobäi.",unencrypted:"De Compteur verschlësselt net méi",unencrypted_help:"E Schlëssel ass aginn, dofir gëllen seng Telegrammer net. Frot Ären Netzbedreiwer, ob dat gewollt ass.",late:"Telegrammer komme ze spéit",late_help:"Si gi gezielt, awer net als elo gewisen. Bleift dat esou, kuckt d'Verbindung vum Gateway no.",failing:"Keen Telegramm gëtt ugeholl",failing_help:"D'Astellunge vum Compteur soen, firwat.",error:"De Compteur kann net gelies ginn",error_help:"D'Astellunge vum Compteur an de Protokoll vun Home Assistant soen, firwat.",retrying:"De Compteur kann net gelies ginn",retrying_help:"Home Assistant probéiert vu selwer weider.",disabled:"Dëse Compteur ass deaktivéiert",disabled_help:"Soulaang en an Home Assistant deaktivéiert ass, gëtt näischt gelies oder gezielt.",not_loaded:"Dëse Compteur gëtt net gelies",not_loaded_help:"Wann Home Assistant grad start, geet dat vu selwer eriwwer.",last_good:"De leschte gudden Telegramm koum um {time}.",enter_key:"Schlëssel aginn",check_connection:"Verbindung nokucken",see_repair:"Kucken, wat hëlleft",enable:"Compteur aktivéieren",ask_admin:"En Administrateur vun Home Assistant kann hëllefen.",minutes_one:"{count} Minutt",minutes_other:"{count} Minutten",hours_one:"{count} Stonn",hours_other:"{count} Stonnen",days_one:"{count} Dag",days_other:"{count} Deeg"},pt:{silent:"Nada recebido há {duration}",silent_yet:"Ainda nada recebido",silent_help:"A porta responde, o contador está em silêncio. Verifique o cabo na porta P1, e se a porta está ativada.",lost_help:"Nada de novo chegou a esta página. Ela volta a tentar por si.",key:"A chave não corresponde a este contador",key_help:"Chegam telegramas, mas nenhum pode ser verificado. O seu operador de rede envia a chave do contador {serial}.",key_missing:"Falta a chave deste contador",key_missing_help:"Ele cifra os seus telegramas. O seu operador de rede envia a chave do contador {serial}.",authentication:"A chave de autenticação não corresponde",authentication_help:"Chegam telegramas, mas nenhum pode ser verificado: o contador {serial} usa outra chave de autenticação.",port:"A porta não pode ser lida",port_help:"Verifique o cabo, e se a porta tem agora outro nome.",gateway:"O gateway não responde",gateway_help:"Verifique se está ligado e na rede. A maioria serve apenas um programa de cada vez.",busy:"Outro programa usa a porta",busy_help:"Feche-o, ou desative a integração que lê a porta.",permission:"O Home Assistant não pode abrir a porta",permission_help:"Dê-lhe acesso às portas série.",mqtt:"Sem ligação ao broker MQTT",mqtt_help:"Verifique a integração MQTT em Dispositivos e serviços.",unreadable:"O que chega não é legível",unreadable_help:"Os telegramas estão danificados, ou vêm de outra coisa. Verifique o cabo, e se o gateway transmite todos os bytes sem alteração.",other_meter:"Este é outro contador",other_meter_help:"Os telegramas vêm de um contador que não é {serial}. Verifique os cabos, ou escolha a porta certa.",replay:"Só chegam telegramas antigos",replay_help:"Repetem anteriores e não são aceites. Se o seu operador de rede reiniciou a numeração, remova o contador e adicione-o de novo.",unencrypted:"O contador já não cifra",unencrypted_help:"Há uma chave definida, por isso os telegramas não são aceites. Pergunte ao seu operador de rede se é intencional.",late:"Os telegramas chegam atrasados",late_help:"São contados, mas não mostrados como atuais. Se continuar, verifique a ligação do gateway.",failing:"Nenhum telegrama é aceite",failing_help:"As definições do contador dizem porquê.",error:"O contador não pode ser lido",error_help:"As definições do contador e o registo do Home Assistant dizem porquê.",retrying:"O contador não pode ser lido",retrying_help:"O Home Assistant continua a tentar por si.",disabled:"Este contador está desativado",disabled_help:"Enquanto estiver desativado no Home Assistant, nada é lido nem contado.",not_loaded:"Este contador não está a ser lido",not_loaded_help:"Se o Home Assistant está a arrancar, isto passa por si.",last_good:"O último telegrama bom chegou às {time}.",enter_key:"Introduzir a chave",check_connection:"Verificar a ligação",see_repair:"Ver o que ajuda",enable:"Ativar o contador",ask_admin:"Um administrador do Home Assistant pode ajudar.",minutes_one:"{count} minuto",minutes_other:"{count} minutos",hours_one:"{count} hora",hours_other:"{count} horas",days_one:"{count} dia",days_other:"{count} dias"}};var Wr=Or,wc={silent:["nothing_received","port_silent"],key:["wrong_key"],key_missing:["key_missing"],authentication:["other_authentication_key"],port:["port_not_found","link_lost"],gateway:["port_unreachable","port_closed","gateway_offline"],busy:["port_busy"],permission:["port_permission"],mqtt:["mqtt_missing","mqtt_disconnected"],unreadable:["not_p1","damaged"],other_meter:["other_meter","other_meter_unreadable"],replay:["replay"],unencrypted:["security_off"],late:["telegrams_late","catching_up"]},vc=["key","key_missing","authentication","unreadable","other_meter","replay","unencrypted","failing"],ya=["disabled","not_loaded"],xc=["key","key_missing","authentication"],kc=120,$c=10;function wa(r,e,t,n,s){let o=(c,p={})=>s.text(Wr,c,p),i=e.received_at?Date.parse(e.received_at):Number.NaN;if(e.state==="receiving"||e.state==="waiting")return e.state==="waiting"||n-t<=kc*1e3?void 0:{title:o("silent",{duration:ba(n-t,s)}),help:o("lost_help"),isCalm:!1,isUnverified:!1,link:void 0};if(e.state==="not_loaded"&&e.values&&n-t<$c*1e3)return;let a=Mc(e),u=r.serial_number??r.title,l=a==="silent",d=Number.isNaN(i)||ya.includes(a)?"":o("last_good",{time:Tc(i,n,s)});return{title:l?d?o("silent",{duration:ba(n-i,s)}):o("silent_yet"):o(a),help:[o(`${a}_help`,{serial:u}),l?"":d].filter(Boolean).join(" "),isCalm:ya.includes(a),isUnverified:vc.includes(a),link:e.remedy?{path:e.remedy.path,text:o(Sc(a,e.remedy.kind))}:void 0}}function Mc({state:r,obstacle:e}){if(r==="disabled")return r;let t=Object.entries(wc).find(([,n])=>n.includes(e??""));return t?t[0]:r==="retrying"||r==="error"||r==="not_loaded"?r:"failing"}function Sc(r,e){return e==="enable"?"enable":xc.includes(r)||e==="reauth"?"enter_key":e==="repair"?"see_repair":"check_connection"}function ba(r,e){let t=Math.max(1,Math.floor(r/6e4));return t<60?e.count(Wr,"minutes",t):t<2880?e.count(Wr,"hours",Math.floor(t/60)):e.count(Wr,"days",Math.floor(t/1440))}function Tc(r,e,t){let n=new Date(r);return D(n)===D(new Date(e))?t.time(n):`${t.time(n)}, ${t.shortDay(n)}`}var va={en:{name:"Smarty: now",description:"What is drawn or fed in now, and what may be switched on",draws:"You draw",feeds:"You feed in",balanced:"You draw nothing",last_draws:"Last: you drew",last_feeds:"Last: you fed in",last_balanced:"Last: you drew nothing",no_value:"No value yet",unverified:"No verified value yet",above:"**This quarter-hour is above {R}.** {so_far} so far, {by_end} by {end}: {cost}.",above_unpriced:"**This quarter-hour is above {R}.** {so_far} so far, {by_end} by {end}.",less:"**{less} less until {end}** keeps you within {R}. Otherwise {above} above: {cost}.",less_unpriced:"**{less} less until {end}** keeps you within {R}. Otherwise {above} above.",under:"under {value}",feeding:"Nothing comes from the grid. Feeding in earns {earned} an hour.",feeding_unpriced:"Nothing comes from the grid.",feeding_costs:"Nothing comes from the grid. Feeding in costs {cost} an hour.",own:"The house runs on its own electricity, nothing is left over.",nothing:"Hardly anything is switched on.",more:"{more} more until {end} stay within {R}.",no_more:"Nothing more until {end}: {R} are just kept.",next:"In the next quarter-hour, {more} more stay within {R}.",next_above:"At this power, the next quarter-hour will be above {R}.",highest:"The highest quarter-hour this month: {peak}.",no_reference:"Which reference power your contract has is on your bill.",enter_reference:"Enter the reference power",first_day:"The first whole quarter-hour ends at **{end}**, the first whole day on {day}, the first whole month on {month}.",counted:"{range}, counted since {time}",of:"{mean} of {R}",so_far:"{range}: {energy} so far",projected:"{range}: {energy} so far, about {mean} of {R} at its end",not_present:"This is the last value, not the present one.",nothing_unverified:"Nothing unverified is shown or counted.",awaited:"The meter is being read: its next telegram is awaited.",meter_draws:"draws {power}",meter_feeds:"feeds in {power}",meter_nothing:"draws nothing"},de:{name:"Smarty: jetzt",description:"Was jetzt bezogen oder eingespeist wird, und was eingeschaltet werden darf",draws:"Du beziehst",feeds:"Du speist ein",balanced:"Du beziehst nichts",last_draws:"Zuletzt hast du bezogen",last_feeds:"Zuletzt hast du eingespeist",last_balanced:"Zuletzt hast du nichts bezogen",no_value:"Noch kein Wert",unverified:"Noch kein geprüfter Wert",above:"**Diese Viertelstunde liegt über {R}.** Bisher {so_far}, bis {end} {by_end}: {cost}.",above_unpriced:"**Diese Viertelstunde liegt über {R}.** Bisher {so_far}, bis {end} {by_end}.",less:"Mit **{less} weniger bis {end}** bleibst du unter {R}. Sonst {above} darüber: {cost}.",less_unpriced:"Mit **{less} weniger bis {end}** bleibst du unter {R}. Sonst {above} darüber.",under:"unter {value}",feeding:"Nichts kommt aus dem Netz. Einspeisen bringt {earned} in der Stunde.",feeding_unpriced:"Nichts kommt aus dem Netz.",feeding_costs:"Nichts kommt aus dem Netz. Einspeisen kostet {cost} in der Stunde.",own:"Das Haus läuft mit eigenem Strom, nichts bleibt übrig.",nothing:"Fast nichts ist eingeschaltet.",more:"{more} mehr bis {end} bleiben unter {R}.",no_more:"Bis {end} nichts mehr: {R} sind gerade eingehalten.",next:"In der nächsten Viertelstunde bleiben {more} mehr unter {R}.",next_above:"Mit dieser Leistung liegt die nächste Viertelstunde über {R}.",highest:"Die höchste Viertelstunde in diesem Monat: {peak}.",no_reference:"Welche Referenzleistung dein Vertrag hat, steht auf deiner Rechnung.",enter_reference:"Referenzleistung eingeben",first_day:"Die erste ganze Viertelstunde endet um **{end}**, der erste ganze Tag am {day}, der erste ganze Monat am {month}.",counted:"{range}, gezählt seit {time}",of:"{mean} von {R}",so_far:"{range}: bisher {energy}",projected:"{range}: bisher {energy}, am Ende etwa {mean} von {R}",not_present:"Das ist der letzte Wert, nicht der jetzige.",nothing_unverified:"Ungeprüftes wird weder gezeigt noch gezählt.",awaited:"Der Zähler wird gelesen: sein nächstes Telegramm wird erwartet.",meter_draws:"bezieht {power}",meter_feeds:"speist {power} ein",meter_nothing:"bezieht nichts"},fr:{name:"Smarty : actuel",description:"Ce qui est prélevé ou injecté, et ce qui peut être allumé",draws:"Vous prélevez",feeds:"Vous injectez",balanced:"Vous ne prélevez rien",last_draws:"Dernière valeur : vous préleviez",last_feeds:"Dernière valeur : vous injectiez",last_balanced:"Dernière valeur : vous ne préleviez rien",no_value:"Pas encore de valeur",unverified:"Pas encore de valeur vérifiée",above:"**Ce quart d'heure est au-dessus de {R}.** {so_far} jusqu'ici, {by_end} à {end} : {cost}.",above_unpriced:"**Ce quart d'heure est au-dessus de {R}.** {so_far} jusqu'ici, {by_end} à {end}.",less:"**{less} de moins jusqu'à {end}** : vous restez sous {R}. Sinon {above} de trop : {cost}.",less_unpriced:"**{less} de moins jusqu'à {end}** : vous restez sous {R}. Sinon {above} de trop.",under:"moins de {value}",feeding:"Rien ne vient du réseau. L'injection rapporte {earned} par heure.",feeding_unpriced:"Rien ne vient du réseau.",feeding_costs:"Rien ne vient du réseau. L'injection coûte {cost} par heure.",own:"La maison vit de sa propre électricité, sans surplus.",nothing:"Presque rien n'est allumé.",more:"{more} de plus jusqu'à {end} restent sous {R}.",no_more:"Rien de plus jusqu'à {end} : vous restez tout juste sous {R}.",next:"Au prochain quart d'heure, {more} de plus restent sous {R}.",next_above:"À cette puissance, le prochain quart d'heure sera au-dessus de {R}.",highest:"Le quart d'heure maximal de ce mois : {peak}.",no_reference:"La puissance de référence de votre contrat figure sur votre facture.",enter_reference:"Saisir la puissance de référence",first_day:"Le premier quart d'heure entier se termine à **{end}**, le premier jour entier le {day}, le premier mois entier le {month}.",counted:"{range}, compté depuis {time}",of:"{mean} sur {R}",so_far:"{range} : {energy} jusqu'ici",projected:"{range} : {energy} jusqu'ici, environ {mean} sur {R} à la fin",not_present:"C'est la dernière valeur, pas l'actuelle.",nothing_unverified:"Seul ce qui est vérifié est affiché et compté.",awaited:"Le compteur est lu : son prochain télégramme est attendu.",meter_draws:"prélève {power}",meter_feeds:"injecte {power}",meter_nothing:"ne prélève rien"},lb:{name:"Smarty: elo",description:"Wat elo bezunn oder agespeist gëtt, a wat ageschalt däerf ginn",draws:"Dir bezitt",feeds:"Dir speist an",balanced:"Dir bezitt näischt",last_draws:"Fir d'lescht hutt Dir bezunn",last_feeds:"Fir d'lescht hutt Dir agespeist",last_balanced:"Fir d'lescht hutt Dir näischt bezunn",no_value:"Nach kee Wäert",unverified:"Nach kee gepréifte Wäert",above:"**Dës Véierelstonn läit iwwer {R}.** Bis elo {so_far}, bis {end} {by_end}: {cost}.",above_unpriced:"**Dës Véierelstonn läit iwwer {R}.** Bis elo {so_far}, bis {end} {by_end}.",less:"Mat **{less} manner bis {end}** bleift Dir ënner {R}. Soss {above} driwwer: {cost}.",less_unpriced:"Mat **{less} manner bis {end}** bleift Dir ënner {R}. Soss {above} driwwer.",under:"ënner {value}",feeding:"Näischt kënnt aus dem Netz. Aspeise bréngt {earned} an der Stonn.",feeding_unpriced:"Näischt kënnt aus dem Netz.",feeding_costs:"Näischt kënnt aus dem Netz. Aspeise kascht {cost} an der Stonn.",own:"D'Haus leeft mat eegenem Stroum, näischt bleift iwwreg.",nothing:"Bal näischt ass ageschalt.",more:"{more} méi bis {end} bleiwen ënner {R}.",no_more:"Bis {end} näischt méi: {R} sinn elo grad agehalen.",next:"An der nächster Véierelstonn bleiwen {more} méi ënner {R}.",next_above:"Mat dëser Leeschtung läit déi nächst Véierelstonn iwwer {R}.",highest:"Déi héchst Véierelstonn an dësem Mount: {peak}.",no_reference:"Wéi eng Referenzleeschtung Äre Kontrakt huet, steet op Ärer Rechnung.",enter_reference:"Referenzleeschtung aginn",first_day:"Déi éischt ganz Véierelstonn hält um **{end}** op, den éischte ganzen Dag den {day}, den éischte ganze Mount den {month}.",counted:"{range}, gezielt zënter {time}",of:"{mean} vun {R}",so_far:"{range}: bis elo {energy}",projected:"{range}: bis elo {energy}, um Enn ongeféier {mean} vun {R}",not_present:"Dat ass de leschte Wäert, net deen elo.",nothing_unverified:"Ongepréiftes gëtt weder gewisen nach gezielt.",awaited:"De Compteur gëtt gelies: säin nächsten Telegramm gëtt erwaart.",meter_draws:"bezitt {power}",meter_feeds:"speist {power} an",meter_nothing:"bezitt näischt"},pt:{name:"Smarty: agora",description:"O que se consome ou injeta agora, e o que se pode ligar",draws:"Consome da rede",feeds:"Injeta na rede",balanced:"Não consome da rede",last_draws:"Último: consumia da rede",last_feeds:"Último: injetava na rede",last_balanced:"Último: não consumia da rede",no_value:"Ainda sem valor",unverified:"Ainda sem valor verificado",above:"**Este quarto de hora está acima de {R}.** {so_far} até agora, {by_end} até às {end}: {cost}.",above_unpriced:"**Este quarto de hora está acima de {R}.** {so_far} até agora, {by_end} até às {end}.",less:"**Com {less} a menos até às {end}** fica abaixo de {R}. Senão {above} acima: {cost}.",less_unpriced:"**Com {less} a menos até às {end}** fica abaixo de {R}. Senão {above} acima.",under:"menos de {value}",feeding:"Nada vem da rede. A injeção rende {earned} por hora.",feeding_unpriced:"Nada vem da rede.",feeding_costs:"Nada vem da rede. A injeção custa {cost} por hora.",own:"A casa vive da sua própria eletricidade, sem excedente.",nothing:"Quase nada está ligado.",more:"Mais {more} até às {end} ficam abaixo de {R}.",no_more:"Nada mais até às {end}: está mesmo no limite de {R}.",next:"No próximo quarto de hora, mais {more} ficam abaixo de {R}.",next_above:"Com esta potência, o próximo quarto de hora ficará acima de {R}.",highest:"O quarto de hora mais alto deste mês: {peak}.",no_reference:"A potência de referência do seu contrato está na sua fatura.",enter_reference:"Introduzir a potência de referência",first_day:"O primeiro quarto de hora completo termina às **{end}**, o primeiro dia completo a {day}, o primeiro mês completo a {month}.",counted:"{range}, contado desde as {time}",of:"{mean} de {R}",so_far:"{range}: {energy} até agora",projected:"{range}: {energy} até agora, cerca de {mean} de {R} no fim",not_present:"Este é o último valor, não o atual.",nothing_unverified:"Nada por verificar é mostrado ou contado.",awaited:"O contador está a ser lido: espera-se o próximo telegrama.",meter_draws:"consome {power}",meter_feeds:"injeta {power}",meter_nothing:"não consome"}};var Oe=va,Dc=60,Ac=9e5,_e=r=>typeof r=="number"&&Number.isFinite(r)?r:null;function ka(r,e){let t=r.values??{},n=_e(t.power_net);if(n===null)return;let s=r.quarter_hour,o=Date.parse(s?.end??""),i=(o-Date.parse(s?.time??""))/1e3,a=_e(s?s.reference_kw:e.reference_kw);return{power:n,reference:a!==null&&a>0?a:null,energy:(_e(s?.imported_wh)??0)/1e3,secondsLeft:i>0?i:1,end:new Date(o||0),isWhole:!!s&&Date.parse(s.measured_since)<=Date.parse(s.start),connection:_e(e.connection_kva),feedsIn:e.feeds_in??!1,feedInPrice:_e(t.price_export),excessPrice:_e(e.excess_price),peak:_e(t.demand_peak)}}var Gt=r=>{let e=E(r,1);return e>0?"draws":e<0?"feeds":"balanced"},qr=({energy:r,power:e,secondsLeft:t})=>r+Math.max(0,e)*t/3600;function $a(r){let e=qr(r)*4,t=$e(e),n=E(e,t);return r.reference!==null&&e>r.reference&&n<=r.reference?Dn(e,t):n}function Ma(r,e){let{power:t,reference:n,energy:s,secondsLeft:o}=r,i=(h,y={})=>e.text(Oe,h,y),a=e.time(r.end),u=Ec(r,e);if(u)return u;let l=Gt(t);if(l==="feeds"){let h=r.feedInPrice===null?0:E(-t*r.feedInPrice,2);return h<0?i("feeding_costs",{cost:e.cents(-h)}):h?i("feeding",{earned:e.cents(h)}):i("feeding_unpriced")}if(l==="balanced")return i(r.feedsIn?"own":"nothing");if(n===null)return r.peak===null?"":i("highest",{peak:e.kW(r.peak)});let d=e.referenceKW(n),c=r.connection||Number.POSITIVE_INFINITY,p=h=>e.kW($r(h,$e(h)));if(o<Dc||!r.isWhole){let h=Math.min(n,c)-t;return h<0?i("next_above",{R:d}):i("next",{more:p(h),R:d})}let m=Math.min((n/4-s)*3600/o,c)-t;return m<.1?i("no_more",{end:a,R:d}):i("more",{more:p(m),end:a,R:d})}function Ec(r,e){let{reference:t,energy:n}=r;if(t===null||!r.isWhole)return;let s=t/4,o=qr(r)-s;if(o<=0)return;let i={R:e.referenceKW(t),end:e.time(r.end)},a=d=>xa(d,1,c=>e.kWh(c),e),u=(d,c)=>{if(r.excessPrice===null)return e.text(Oe,`${d}_unpriced`,{...i,...c});let p=xa(o*r.excessPrice,2,m=>e.cents(m),e);return e.text(Oe,d,{...i,...c,cost:p})};if(n>s)return u("above",{so_far:a(n-s),by_end:a(o)}).replace(/\.\*\* \p{Ll}/u,c=>c.toUpperCase());let l=r.power-(s-n)*3600/r.secondsLeft;return u("less",{less:e.kW(Dn(l,$e(l))),above:a(o)})}function xa(r,e,t,n){return E(r,e)>0?t(r):n.text(Oe,"under",{value:t(10**-e)})}function Sa(r,e,t){let n=new Date(e.measured_since),s=Date.parse(e.start);if(e.last||!r.known_since||Number.isNaN(n.getTime()+s))return;let o=D(n);if(D(new Date(r.known_since))!==o)return;let i=new Date(Date.parse(e.end)+(n.getTime()>s?Ac:0)),a=n.getTime()<=z(o).getTime(),u=o.slice(0,7),l=a&&o.endsWith("-01"),d=j(`${U(u,l?1:2)}-01`,-1);return t.text(Oe,"first_day",{end:t.time(i),day:t.day(z(a?o:j(o,1))),month:t.day(z(d))})}var C,ue,no,Ta,Ra,Da,ro,Aa,Ea,Ca,La,so,Bn=class extends P{constructor(){super(...arguments);w(this,C)}otherFeeds(){let{meters:t,meter:n}=this,s=t?.list??[];return!t||s.length>Hs?[]:s.filter(({entry_id:o})=>o!==n?.entry_id).map(({entry_id:o})=>t.feed(o))}content(t,n){let{live:s}=n;if(!s)return f`${this.chooser(t,a=>_(this,C,so).call(this,a))}${this.waiting()}`;let o=wa(t,s,n.liveAt,Date.now(),this.locale),i=ka(s,t);return f`${o?fa(o,_(this,C,Ta).call(this,o)):x}${this.chooser(t,a=>_(this,C,so).call(this,a))}
      ${o||!i||this.isOld(n)?_(this,C,Da).call(this,n,i,o):_(this,C,Ra).call(this,t,n,s,i)}`}};C=new WeakSet,ue=function(t,n={}){return this.text(Oe,t,n)},no=function(){return!!this.hass?.user?.is_admin},Ta=function({link:t}){return t?g(this,C,no)?this.link(t.path,t.text):f`<p>${this.text(Or,"ask_admin")}</p>`:x},Ra=function(t,n,s,o){let i=Gt(o.power),a=s.quarter_hour,u=a&&Sa(t,a,this.locale),l=o.reference!==null&&o.power>o.reference;return f`<header><h2>${_(this,C,ue).call(this,i)}</h2>${this.stamp(n)}</header>
      ${_(this,C,ro).call(this,o.power,l?"above":i)}
      <div class="answer">${this.sentence(u??Ma(o,this.locale))}</div>
      <div class="rest">
        ${o.reference===null&&a?_(this,C,Aa).call(this,t):x}
        ${a&&(o.reference!==null||u)?_(this,C,Ea).call(this,a,o):x}
        ${_(this,C,La).call(this,t,s)}
      </div>`},Da=function(t,n,s){let o=t.live?.state==="waiting",i=n?`last_${Gt(n.power)}`:s?.isUnverified?"unverified":"no_value",a=n?"not_present":s?.isUnverified?"nothing_unverified":o?"awaited":void 0;return f`<div class="old">
      <header><h2>${_(this,C,ue).call(this,i)}</h2>${n?this.stamp(t):x}</header>
      ${_(this,C,ro).call(this,n?.power,"old")}
      <div class="answer">${a?this.sentence(_(this,C,ue).call(this,a)):x}</div>
    </div>`},ro=function(t,n){let s=t===void 0?"–":this.locale.number(Math.abs(t),$e(t)),o=_(this,C,ue).call(this,t===void 0?"no_value":Gt(t));return f`<div class="big ${n}">${this.moreInfo("power_net",s,o)}<small>kW</small></div>`},Aa=function(t){let n=`/config/integrations/integration/smarty_p1#config_entry=${t.entry_id}`;return f`<p class="small">${_(this,C,ue).call(this,"no_reference")}</p>
      ${g(this,C,no)?this.link(n,_(this,C,ue).call(this,"enter_reference")):x}`},Ea=function(t,n){let{locale:s}=this,o=s.timeRange(new Date(t.start),n.end),i=n.isWhole?n.reference:null,a=qr(n),u=ha(n.energy,i===null?void 0:a,i===null?void 0:i/4),l=i===null?"":s.referenceKW(i),d=$a(n),c=s.kWh(n.energy),p=i===null?_(this,C,ue).call(this,"so_far",{range:o,energy:c}):_(this,C,ue).call(this,"projected",{range:o,energy:c,mean:s.kW(d),R:l}),m=n.isWhole?o:_(this,C,ue).call(this,"counted",{range:o,time:s.time(new Date(t.measured_since))}),h=v=>`${(v*100).toFixed(2)}%`,y=i!==null&&a*4>i;return f`<div class="labels small">
        <span>${m}</span>
        ${i===null?x:f`<span class="mean">${_(this,C,Ca).call(this,`≈ ${s.number(d,$e(d))}`,l,y)}</span>`}
      </div>
      <div class="bar" role="img" aria-label=${p}>
        ${u.parts.map(({kind:v,isEstimate:b,from:k,to:S})=>f`<i class="${v} ${b?"hatched":""}" style="left:${h(k)};width:${h(S-k)}"></i>`)}
        ${u.limit===void 0?x:f`<i class="line" style="left:${h(u.limit)}"></i>`}
      </div>`},Ca=function(t,n,s){let[o="",i=""]=_(this,C,ue).call(this,"of",{mean:`
`,R:n}).split(`
`);return f`${o}<span class=${s?"excess":""}>${t}</span>${i}`},La=function(t,{values:n={}}){let s=[1,2,3].map(a=>_e(n[`power_net_l${a}`])??void 0),o=s.filter(a=>a!==void 0).length;if(t.phases===1||o<2)return x;let i=a=>`${(a*100).toFixed(2)}%`;return f`<div class="phases small">
      ${pa(s).map(({name:a,power:u,from:l,to:d})=>f`<div>
          <div class="labels"><span>${a}</span><span>${u===void 0?"–":this.locale.kW(u)}</span></div>
          <div class="track" aria-hidden="true">
            <i class=${(u??0)<0?"fed":"drawn"} style="left:${i(l)};width:${i(d-l)}"></i>
            <i class="line"></i>
          </div>
        </div>`)}
    </div>`},so=function(t){let n=_e(t.live?.values?.power_net);if(n===null||t.live?.state!=="receiving"||this.isOld(t))return"–";let s=Gt(n);return s==="balanced"?_(this,C,ue).call(this,"meter_nothing"):_(this,C,ue).call(this,`meter_${s}`,{power:this.locale.kW(Math.abs(n))})},Bn.styles=[F,_a];var Na={en:{name:"Smarty: quality",description:"Voltage, supply and reception, or interruptions",part:"Shows",voltage:"Voltage",supply:"Supply and reception",interruptions:"Interruptions",and:"{a} and {b}",now:"now",days_one:"{count} day",days_other:"{count} days",not_read:"The meter is not being read now. The card goes on as soon as it is.",within_1:"Within {low}–{high} V",within_2:"Both within {low}–{high} V",within_3:"All three within {low}–{high} V",since:"{what} since {time}.",above_alone:"**Above {limit} for about {duration}**, highest {extreme}.",below_alone:"**Below {limit} for about {duration}**, lowest {extreme}.",above_one:"**{phases} was above {limit} for about {duration}**, highest {extreme}.",below_one:"**{phases} was below {limit} for about {duration}**, lowest {extreme}.",above_more:"**{phases} were above {limit}**, the longest for about {duration}, highest {extreme}.",below_more:"**{phases} were below {limit}**, the longest for about {duration}, lowest {extreme}.",highest:"highest {value}",lowest:"lowest {value}",no_voltage_yet:"No voltage is known yet. The lines begin with the first telegram.",no_voltage_lately:"No voltage was received in the last 24 hours.",sends_no_voltage:"This meter sends no voltage.",voltage_chart:"Voltage of the last 24 hours",hour:"Hour",connected:"Connected; last telegram {ago}.",ready_for_reconnection:"**The power is cut.** Press the button on the meter to switch it on again. Last telegram {ago}.",disconnected:"**Switched off:** the breaker in the meter is open, nothing comes from the grid. Last telegram {ago}.",reception:"Last telegram {ago}.",ago:"{time} ago",silent:"**No telegram for {duration}**, the last one {when}.",at_time:"at {time}",at_day:"on {day}, {time}",no_telegram_yet:"No telegram yet. What the meter says stands here as soon as the first one has come.",breaker:"Breaker",relays:"Relay 1 / 2",relay_1:"Relay 1",relay_2:"Relay 2",limit:"Connection limit",is_connected:"On",is_disconnected:"Off",is_ready_for_reconnection:"Ready",telegrams:"Telegrams, 24 hours",telegrams_since:"Telegrams since {time}",gap:"{range}: {duration} without",longest_gap:"longest gap {range}: {duration}",no_gap:"no gap longer than a minute",received:"Received",last_message:"Last message of the grid operator, {date}",no_message:"Last message: none yet",power_failure:"Power failures",voltage_sag:"Voltage dips",voltage_swell:"Voltage rises",power_failure_one:"{count} power failure",power_failure_other:"{count} power failures",voltage_sag_one:"{count} voltage dip",voltage_sag_other:"{count} voltage dips",voltage_swell_one:"{count} voltage rise",voltage_swell_other:"{count} voltage rises",last_power_failure:"Nothing in the last 30 days; last power failure {day}.",last_voltage_sag:"Nothing in the last 30 days; last voltage dip {day}.",last_voltage_swell:"Nothing in the last 30 days; last voltage rise {day}.",nothing:"Nothing in the last 30 days.",nothing_since:"Nothing since {day}, when reading began.",some:"**{what}** in the last 30 days, the last one {when}.",some_since:"**{what}** since {day}, when reading began; the last one {when}.",between:"between {after} and {time}",no_later_than:"not later than {time}",seen:"seen",earlier:"earlier, undated",not_counted:"not counted by this meter",counts_only:"The meter only counts: what came before its first reading has no date.",counts_nothing:"This meter counts no interruptions.",no_counts_yet:"Nothing is known yet. What the meter counts stands here with its first telegram.",when:"When",what:"What",how_many:"How many",phases:"Phases",months_one:"{count} month",months_other:"{count} months"},de:{name:"Smarty: Qualität",description:"Spannung, Versorgung und Empfang, oder Unterbrechungen",part:"Zeigt",voltage:"Spannung",supply:"Versorgung und Empfang",interruptions:"Unterbrechungen",and:"{a} und {b}",now:"jetzt",days_one:"{count} Tag",days_other:"{count} Tage",not_read:"Der Zähler wird gerade nicht ausgelesen. Die Karte macht weiter, sobald er es wird.",within_1:"Zwischen {low} und {high} V",within_2:"Beide zwischen {low} und {high} V",within_3:"Alle drei zwischen {low} und {high} V",since:"{what} seit {time}.",above_alone:"**Etwa {duration} über {limit}**, höchstens {extreme}.",below_alone:"**Etwa {duration} unter {limit}**, tiefster Wert {extreme}.",above_one:"**{phases} war etwa {duration} über {limit}**, höchstens {extreme}.",below_one:"**{phases} war etwa {duration} unter {limit}**, tiefster Wert {extreme}.",above_more:"**{phases} waren über {limit}**, am längsten etwa {duration}, höchstens {extreme}.",below_more:"**{phases} waren unter {limit}**, am längsten etwa {duration}, tiefster Wert {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Noch ist keine Spannung bekannt. Die Linien beginnen mit dem ersten Telegramm.",no_voltage_lately:"In den letzten 24 Stunden kam keine Spannung an.",sends_no_voltage:"Dieser Zähler sendet keine Spannung.",voltage_chart:"Spannung der letzten 24 Stunden",hour:"Stunde",connected:"Verbunden; letztes Telegramm {ago}.",ready_for_reconnection:"**Der Strom ist aus.** Mit der Taste am Zähler schaltest du ihn wieder ein. Letztes Telegramm {ago}.",disconnected:"**Ausgeschaltet:** Der Trennschalter im Zähler ist offen, aus dem Netz kommt nichts. Letztes Telegramm {ago}.",reception:"Letztes Telegramm {ago}.",ago:"vor {time}",silent:"**Seit {duration} kein Telegramm**, das letzte {when}.",at_time:"um {time}",at_day:"am {day}, {time}",no_telegram_yet:"Noch kein Telegramm. Was der Zähler sagt, steht hier, sobald das erste da ist.",breaker:"Trennschalter",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Anschlussgrenze",is_connected:"Ein",is_disconnected:"Aus",is_ready_for_reconnection:"Bereit",telegrams:"Telegramme, 24 Stunden",telegrams_since:"Telegramme seit {time}",gap:"{range}: {duration} ohne",longest_gap:"längste Lücke {range}: {duration}",no_gap:"keine Lücke über eine Minute",received:"Empfangen",last_message:"Letzte Nachricht des Netzbetreibers, {date}",no_message:"Letzte Nachricht: noch keine",power_failure:"Strom­ausfälle",voltage_sag:"Spannungs­einbrüche",voltage_swell:"Über­spannungen",power_failure_one:"{count} Stromausfall",power_failure_other:"{count} Stromausfälle",voltage_sag_one:"{count} Spannungseinbruch",voltage_sag_other:"{count} Spannungseinbrüche",voltage_swell_one:"{count} Überspannung",voltage_swell_other:"{count} Überspannungen",last_power_failure:"Nichts in den letzten 30 Tagen; letzter Stromausfall am {day}.",last_voltage_sag:"Nichts in den letzten 30 Tagen; letzter Spannungseinbruch am {day}.",last_voltage_swell:"Nichts in den letzten 30 Tagen; letzte Überspannung am {day}.",nothing:"Nichts in den letzten 30 Tagen.",nothing_since:"Nichts seit dem {day}, als das Auslesen begann.",some:"**{what}** in den letzten 30 Tagen, zuletzt {when}.",some_since:"**{what}** seit dem {day}, als das Auslesen begann; zuletzt {when}.",between:"zwischen {after} und {time}",no_later_than:"nicht später als {time}",seen:"gesehen",earlier:"früher, ohne Datum",not_counted:"zählt dieser Zähler nicht",counts_only:"Der Zähler zählt nur: Was vor der ersten Auslesung war, hat kein Datum.",counts_nothing:"Dieser Zähler zählt keine Unterbrechungen.",no_counts_yet:"Noch ist nichts bekannt. Was der Zähler zählt, steht hier mit dem ersten Telegramm.",when:"Wann",what:"Was",how_many:"Wie viele",phases:"Phasen",months_one:"{count} Monat",months_other:"{count} Monate"},fr:{name:"Smarty : qualité",description:"Tension, alimentation et réception, ou perturbations",part:"Affiche",voltage:"Tension",supply:"Alimentation et réception",interruptions:"Perturbations",and:"{a} et {b}",now:"maintenant",days_one:"{count} jour",days_other:"{count} jours",not_read:"Le compteur n'est pas lu en ce moment. La carte reprend dès qu'il l'est.",within_1:"Entre {low} et {high} V",within_2:"Les deux entre {low} et {high} V",within_3:"Les trois entre {low} et {high} V",since:"{what} depuis {time}.",above_alone:"**Au-dessus de {limit} pendant environ {duration}**, au plus {extreme}.",below_alone:"**En dessous de {limit} pendant environ {duration}**, au plus bas {extreme}.",above_one:"**{phases} était au-dessus de {limit} pendant environ {duration}**, au plus {extreme}.",below_one:"**{phases} était en dessous de {limit} pendant environ {duration}**, au plus bas {extreme}.",above_more:"**{phases} étaient au-dessus de {limit}**, jusqu'à environ {duration}, au plus {extreme}.",below_more:"**{phases} étaient en dessous de {limit}**, jusqu'à environ {duration}, au plus bas {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Aucune tension n'est encore connue. Les courbes commencent avec le premier télégramme.",no_voltage_lately:"Aucune tension reçue ces dernières 24 heures.",sends_no_voltage:"Ce compteur n'envoie pas de tension.",voltage_chart:"Tension des dernières 24 heures",hour:"Heure",connected:"Connecté ; dernier télégramme {ago}.",ready_for_reconnection:"**Le courant est coupé.** Appuyez sur le bouton du compteur pour le rétablir. Dernier télégramme {ago}.",disconnected:"**Coupé :** le disjoncteur du compteur est ouvert, rien ne vient du réseau. Dernier télégramme {ago}.",reception:"Dernier télégramme {ago}.",ago:"il y a {time}",silent:"**Aucun télégramme depuis {duration}**, le dernier {when}.",at_time:"à {time}",at_day:"le {day}, {time}",no_telegram_yet:"Pas encore de télégramme. Ce que dit le compteur apparaît ici dès le premier.",breaker:"Disjoncteur",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Limite du raccordement",is_connected:"Enclenché",is_disconnected:"Coupé",is_ready_for_reconnection:"Prêt",telegrams:"Télégrammes, 24 heures",telegrams_since:"Télégrammes depuis {time}",gap:"{range} : {duration} sans réception",longest_gap:"plus longue interruption {range} : {duration}",no_gap:"aucune interruption de plus d'une minute",received:"Reçu",last_message:"Dernier message du gestionnaire, {date}",no_message:"Dernier message : aucun encore",power_failure:"Coupures",voltage_sag:"Creux de tension",voltage_swell:"Surtensions",power_failure_one:"{count} coupure",power_failure_other:"{count} coupures",voltage_sag_one:"{count} creux de tension",voltage_sag_other:"{count} creux de tension",voltage_swell_one:"{count} surtension",voltage_swell_other:"{count} surtensions",last_power_failure:"Rien depuis 30 jours ; dernière coupure le {day}.",last_voltage_sag:"Rien depuis 30 jours ; dernier creux de tension le {day}.",last_voltage_swell:"Rien depuis 30 jours ; dernière surtension le {day}.",nothing:"Rien depuis 30 jours.",nothing_since:"Rien depuis le {day}, début de la lecture.",some:"**{what}** en 30 jours ; en dernier {when}.",some_since:"**{what}** depuis le {day}, début de la lecture ; en dernier {when}.",between:"entre {after} et {time}",no_later_than:"au plus tard {time}",seen:"vues",earlier:"avant, sans date",not_counted:"non compté par ce compteur",counts_only:"Le compteur ne fait que compter : ce qui précède la première lecture n'a pas de date.",counts_nothing:"Ce compteur ne compte pas les perturbations.",no_counts_yet:"Rien n'est encore connu. Ce que compte le compteur apparaît ici avec le premier télégramme.",when:"Quand",what:"Quoi",how_many:"Combien",phases:"Phases",months_one:"{count} mois",months_other:"{count} mois"},lb:{name:"Smarty: Qualitéit",description:"Spannung, Versuergung an Empfang, oder Ënnerbriechungen",part:"Weist",voltage:"Spannung",supply:"Versuergung an Empfang",interruptions:"Ënnerbriechungen",and:"{a} an {b}",now:"elo",days_one:"{count} Dag",days_other:"{count} Deeg",not_read:"De Compteur gëtt grad net ausgelies. D'Kaart geet virun, soubal en et gëtt.",within_1:"Tëscht {low} an {high} V",within_2:"Béid tëscht {low} an {high} V",within_3:"All dräi tëscht {low} an {high} V",since:"{what} zanter {time}.",above_alone:"**Ongeféier {duration} iwwer {limit}**, héchstens {extreme}.",below_alone:"**Ongeféier {duration} ënner {limit}**, déifste Wäert {extreme}.",above_one:"**{phases} war ongeféier {duration} iwwer {limit}**, héchstens {extreme}.",below_one:"**{phases} war ongeféier {duration} ënner {limit}**, déifste Wäert {extreme}.",above_more:"**{phases} waren iwwer {limit}**, am längsten ongeféier {duration}, héchstens {extreme}.",below_more:"**{phases} waren ënner {limit}**, am längsten ongeféier {duration}, déifste Wäert {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Nach ass keng Spannung bekannt. D'Linne fänke mam éischten Telegramm un.",no_voltage_lately:"An de leschte 24 Stonne koum keng Spannung un.",sends_no_voltage:"Dëse Compteur schéckt keng Spannung.",voltage_chart:"Spannung vun de leschte 24 Stonnen",hour:"Stonn",connected:"Verbonnen; lescht Telegramm {ago}.",ready_for_reconnection:"**De Stroum ass aus.** Mam Knäppchen um Compteur schalt Dir en nees un. Lescht Telegramm {ago}.",disconnected:"**Ausgeschalt:** den Disjoncteur am Compteur ass op, vum Netz kënnt näischt. Lescht Telegramm {ago}.",reception:"Lescht Telegramm {ago}.",ago:"virun {time}",silent:"**Zanter {duration} keen Telegramm**, dat lescht {when}.",at_time:"um {time}",at_day:"den {day}, {time}",no_telegram_yet:"Nach keen Telegramm. Wat de Compteur seet, steet hei, soubal dat éischt do ass.",breaker:"Disjoncteur",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Limitt vum Uschloss",is_connected:"Un",is_disconnected:"Aus",is_ready_for_reconnection:"Prett",telegrams:"Telegrammen, 24 Stonnen",telegrams_since:"Telegrammen zanter {time}",gap:"{range}: {duration} ouni",longest_gap:"längst Lück {range}: {duration}",no_gap:"keng Lück iwwer eng Minutt",received:"Empfaangen",last_message:"Leschte Message vum Netzbedreiwer, {date}",no_message:"Leschte Message: nach keen",power_failure:"Stroumpannen",voltage_sag:"Spannungs­ofsenkungen",voltage_swell:"Iwwer­spannungen",power_failure_one:"{count} Stroumpann",power_failure_other:"{count} Stroumpannen",voltage_sag_one:"{count} Spannungsofsenkung",voltage_sag_other:"{count} Spannungsofsenkungen",voltage_swell_one:"{count} Iwwerspannung",voltage_swell_other:"{count} Iwwerspannungen",last_power_failure:"Näischt an de leschten 30 Deeg; lescht Stroumpann den {day}.",last_voltage_sag:"Näischt an de leschten 30 Deeg; lescht Spannungsofsenkung den {day}.",last_voltage_swell:"Näischt an de leschten 30 Deeg; lescht Iwwerspannung den {day}.",nothing:"Näischt an de leschten 30 Deeg.",nothing_since:"Näischt zanter dem {day}, wéi d'Ausliesen ugefaangen huet.",some:"**{what}** an de leschten 30 Deeg, fir d'lescht {when}.",some_since:"**{what}** zanter dem {day}, wéi d'Ausliesen ugefaangen huet; fir d'lescht {when}.",between:"tëscht {after} an {time}",no_later_than:"net méi spéit wéi {time}",seen:"gesinn",earlier:"virdrun, ouni Datum",not_counted:"zielt dëse Compteur net",counts_only:"De Compteur zielt nëmmen: wat virun der éischter Ausliesung war, huet keen Datum.",counts_nothing:"Dëse Compteur zielt keng Ënnerbriechungen.",no_counts_yet:"Nach ass näischt bekannt. Wat de Compteur zielt, steet hei mam éischten Telegramm.",when:"Wéini",what:"Wat",how_many:"Wéi vill",phases:"Phasen",months_one:"{count} Mount",months_other:"{count} Méint"},pt:{name:"Smarty: qualidade",description:"Tensão, alimentação e receção, ou interrupções",part:"Mostra",voltage:"Tensão",supply:"Alimentação e receção",interruptions:"Interrupções",and:"{a} e {b}",now:"agora",days_one:"{count} dia",days_other:"{count} dias",not_read:"O contador não está a ser lido. O cartão continua assim que o for.",within_1:"Entre {low} e {high} V",within_2:"Ambas entre {low} e {high} V",within_3:"As três entre {low} e {high} V",since:"{what} desde {time}.",above_alone:"**Acima de {limit} durante cerca de {duration}**, máximo {extreme}.",below_alone:"**Abaixo de {limit} durante cerca de {duration}**, mínimo {extreme}.",above_one:"**{phases} esteve acima de {limit} durante cerca de {duration}**, máximo {extreme}.",below_one:"**{phases} esteve abaixo de {limit} durante cerca de {duration}**, mínimo {extreme}.",above_more:"**{phases} estiveram acima de {limit}**, até cerca de {duration}, máximo {extreme}.",below_more:"**{phases} estiveram abaixo de {limit}**, até cerca de {duration}, mínimo {extreme}.",highest:"máx. {value}",lowest:"mín. {value}",no_voltage_yet:"Ainda não se conhece nenhuma tensão. As linhas começam com o primeiro telegrama.",no_voltage_lately:"Nenhuma tensão recebida nas últimas 24 horas.",sends_no_voltage:"Este contador não envia a tensão.",voltage_chart:"Tensão das últimas 24 horas",hour:"Hora",connected:"Ligado; último telegrama {ago}.",ready_for_reconnection:"**A corrente está cortada.** Prima o botão do contador para a religar. Último telegrama {ago}.",disconnected:"**Desligado:** o disjuntor do contador está aberto, nada vem da rede. Último telegrama {ago}.",reception:"Último telegrama {ago}.",ago:"há {time}",silent:"**Nenhum telegrama há {duration}**, o último {when}.",at_time:"às {time}",at_day:"em {day}, {time}",no_telegram_yet:"Ainda sem telegramas. O que o contador diz aparece aqui logo que chegue o primeiro.",breaker:"Disjuntor",relays:"Relé 1 / 2",relay_1:"Relé 1",relay_2:"Relé 2",limit:"Limite da ligação",is_connected:"Ligado",is_disconnected:"Desligado",is_ready_for_reconnection:"Pronto",telegrams:"Telegramas, 24 horas",telegrams_since:"Telegramas desde {time}",gap:"{range}: {duration} sem",longest_gap:"maior falha {range}: {duration}",no_gap:"nenhuma falha de mais de um minuto",received:"Recebido",last_message:"Última mensagem do operador da rede, {date}",no_message:"Última mensagem: ainda nenhuma",power_failure:"Cortes",voltage_sag:"Cavas de tensão",voltage_swell:"Sobretensões",power_failure_one:"{count} corte",power_failure_other:"{count} cortes",voltage_sag_one:"{count} cava de tensão",voltage_sag_other:"{count} cavas de tensão",voltage_swell_one:"{count} sobretensão",voltage_swell_other:"{count} sobretensões",last_power_failure:"Nada nos últimos 30 dias; último corte em {day}.",last_voltage_sag:"Nada nos últimos 30 dias; última cava de tensão em {day}.",last_voltage_swell:"Nada nos últimos 30 dias; última sobretensão em {day}.",nothing:"Nada nos últimos 30 dias.",nothing_since:"Nada desde {day}, início da leitura.",some:"**{what}** nos últimos 30 dias, o último {when}.",some_since:"**{what}** desde {day}, início da leitura; o último {when}.",between:"entre {after} e {time}",no_later_than:"o mais tardar {time}",seen:"vistas",earlier:"antes, sem data",not_counted:"não contado por este contador",counts_only:"O contador só conta: o que veio antes da primeira leitura não tem data.",counts_nothing:"Este contador não conta interrupções.",no_counts_yet:"Ainda nada se sabe. O que o contador conta aparece aqui com o primeiro telegrama.",when:"Quando",what:"O quê",how_many:"Quantas",phases:"Fases",months_one:"{count} mês",months_other:"{count} meses"}};var We=Na,M=(r,e,t={})=>r.text(We,e,t);function Zt(r,e){let t=r.at(-1)??"";return r.length<2?t:M(e,"and",{a:r.slice(0,-1).join(", "),b:t})}function Un(r,e){let t=Math.max(0,Math.round(r/1e3));if(t<60)return e.unit(t,"s");let n=Math.round(t/60);if(n<60)return e.unit(n,"min");if(n>=2880)return e.count(We,"days",Math.floor(n/1440));let s=e.unit(Math.floor(n/60),"h");return n%60?`${s} ${e.unit(n%60,"min")}`:s}function se(r){let e=typeof r=="string"?Date.parse(r):Number.NaN;return Number.isNaN(e)?void 0:e}var Re=["power_failure","voltage_sag","voltage_swell"],Pr=864e5,Lc=365*Pr,Nc=6e5,za=r=>typeof r=="number"&&r>=0&&r<1e9?Math.floor(r):void 0;function Oa(r,e){let n=(Array.isArray(r.disturbances)?r.disturbances:[]).flatMap(u=>{let[l,d,c]=[se(u.time),za(u.count),se(u.after)],p=Re.find(h=>h===u.kind);if(!p||!d||l===void 0)return[];let m=(Array.isArray(u.phases)?u.phases:[]).filter(h=>/^L[123]$/.test(h));return[{kind:p,time:Math.min(l,e),after:c!==void 0&&c<l?c:void 0,count:d,phases:m}]}).sort((u,l)=>u.time-l.time),s={},o={};for(let u of Re){let l=za(r.undated?.[u]),d=n.filter(c=>c.kind===u);l===void 0&&!d.length||(s[u]=d.reduce((c,{count:p})=>c+p,0),l!==void 0&&(o[u]=l))}let i=n[0]?.time,a=se(r.reception?.since);return{all:n,seen:s,undated:o,start:Math.min(e-Lc,i??e),end:e,since:a===void 0?i:Math.min(a,i??a)}}var Wa=({start:r,end:e})=>Math.max(12,Math.round((e-r)/(Pr*30.44)));function qa(r,e){let t=Re.flatMap(n=>{let s=r.filter(o=>o.kind===n).reduce((o,i)=>o+i.count,0);return s?[e.count(We,n,s)]:[]});return Zt(t,e)}var gt=(r,e,t)=>e-r<330*Pr?t.day(new Date(r)):t.date(new Date(r));function Ir(r,e,t){return`${gt(r,e,t)}, ${t.time(new Date(r))}`}var Fn=({time:r,after:e})=>e===void 0||r-e>Nc;function oo(r,e,t){let n=Ir(r.time,e,t);if(r.after===void 0)return M(t,"no_later_than",{time:n});if(Fn(r))return M(t,"between",{after:Ir(r.after,e,t),time:n});let s=gt(r.time,e,t);return M(t,"at_day",{day:s,time:t.time(new Date(r.time))})}function Ia(r,e,t){let{all:n,since:s,seen:o}=r;if(s===void 0&&!Object.keys(o).length)return M(t,"no_counts_yet");if(!Object.keys(o).length)return M(t,"counts_nothing");let i=e-30*Pr,a=n.filter(({time:d})=>d>=i),u=n.at(-1),l=s!==void 0&&s>i;if(a.length&&u){let d={what:qa(a,t),when:oo(u,e,t)};return l?M(t,"some_since",{...d,day:gt(s,e,t)}):M(t,"some",d)}return l?M(t,"nothing_since",{day:gt(s,e,t)}):u?M(t,`last_${u.kind}`,{day:gt(u.time,e,t)}):M(t,"nothing")}function Pa(r,e,t){let[n,s]=[r[0],r.at(-1)];if(!n||!s)return"";let o=[gt(n.time,e,t),gt(s.time,e,t)],i=D(new Date(n.time))===D(new Date(s.time)),a=Fn(n)?oo(n,e,t):Ir(n.time,e,t),u=r.length===1?a:i?o[0]:o.join("–"),l=[...new Set(r.flatMap(c=>c.phases))].sort(),d=l.length?` (${Zt(l,t)})`:"";return`**${u.charAt(0).toLocaleUpperCase()}${u.slice(1)}:** ${qa(r,t)}${d}`}function Ha({all:r},e,t){return[...r].reverse().map(n=>[Fn(n)?oo(n,e,t):Ir(n.time,e,t),t.count(We,n.kind,n.count),n.phases.length?Zt(n.phases,t):"–"])}var Qt=44,Hr=60,zc=14,Oc=5,Wc=9,Ka=10,qc=7.5,Ic=2,Pc=34,ft=r=>Math.round(r*10)/10,Gn=r=>Math.min(Wc,Oc+1.6*Math.log2(Math.max(1,r)));function Va(r,e,t=Qt){let n=Math.max(40,e)-2*Ka,s=i=>ft(Ka+n*Math.max(0,Math.min(1,(i-r.start)/(r.end-r.start||1)))),o={width:e,kindHeight:t,marks:[],paths:{power_failure:"",voltage_sag:"",voltage_swell:""},labels:[],vague:"",from:s(r.since??r.end),lines:{},months:jc(r,s,n)};return Re.forEach((i,a)=>{if(r.seen[i]===void 0)return;let u=(a+1)*t-zc;o.lines[i]=u;let l=Kc(r.all.filter(c=>c.kind===i),s).map(c=>({kind:i,x:ft((s(c[0].time)+s(c.at(-1).time))/2),y:u,count:Hc(c),joined:c})),d=Number.NEGATIVE_INFINITY;for(let c of l){o.paths[i]+=Vc(c);let p=String(c.count).length*qc/2;c.x-p<d||(d=c.x+p+Ic,o.labels.push({x:c.x,y:u-13,text:c.count}))}for(let c of r.all){if(c.kind!==i||!Fn(c)||c.after===void 0)continue;let[p,m]=[s(c.after),s(c.time)];m-p>2&&(o.vague+=`M${p} ${u}H${m}`)}o.marks.push(...l)}),o.marks.sort((i,a)=>i.x-a.x||i.y-a.y),o}var Hc=r=>r.reduce((e,t)=>e+t.count,0);function Kc(r,e){let t=[];for(let n of r){let s=t.at(-1),o=e(n.time);s&&o-s.first<Gn(s.count)+Gn(n.count)?(s.all.push(n),s.count+=n.count):t.push({first:o,count:n.count,all:[n]})}return t.map(n=>n.all)}function Vc({kind:r,x:e,y:t,count:n}){let s=ft(Gn(n)),[o,i,a,u]=[ft(e-s),ft(e+s),ft(t-s),ft(t+s)];if(r==="power_failure")return`M${o} ${a}L${i} ${u}M${o} ${u}L${i} ${a}`;let[l,d]=r==="voltage_sag"?[a,u]:[u,a];return`M${o} ${l}L${i} ${l}L${e} ${d}Z`}function jc({start:r,end:e},t,n){let s=[],o=U(D(new Date(r)).slice(0,7),1);for(let u=z(`${o}-01`);u.getTime()<=e&&s.length<15;u=z(`${o}-01`))s.push({x:t(u.getTime()),time:u,isNamed:!1}),o=U(o,1);let i=n/Pc,a=[1,2,3,4,6].find(u=>s.length/u<=i)??12;return s.forEach((u,l)=>u.isNamed=l%a===0),s}var ja=r=>Math.round(r*10)/10;function Ba(r){let e=Math.min(200,r.limits[0],...r.phases.map(({min:l})=>l)),t=Math.max(260,r.limits[1],...r.phases.map(({max:l})=>l)),n=l=>ja(56*(t-l)/(t-e)),s=r.phases.map(({lowest:l,highest:d},c)=>{let p=(h,y)=>`${h} ${ja(c*64+n(y))}`,m="";for(let h=0;h<l.length;h+=1){if(l[h]===null)continue;let y=h;for(;y+1<l.length&&l[y+1]!==null;)y+=1;let v=[p(h,d[h])],b=[p(h,l[h])];for(let k=h;k<=y;k+=1)v.push(p(k+.5,d[k])),b.push(p(k+.5,l[k]));v.push(p(y+1,d[y])),b.push(p(y+1,l[y])),m+=`M${[...v,...b.reverse()].join("L")}Z`,h=y}return m}),o={top:n(r.limits[1]),bottom:n(r.limits[0])},i=r.phases.some(({above:l,below:d})=>l||d),a=(l,d)=>`M0 ${l}H${r.rows}V${d}H0Z`,u=r.phases.map((l,d)=>d*64).map(l=>a(l-1,l+o.top)+a(l+o.bottom,l+56+1)).join("");return{band:o,paths:s,beyond:i?u:""}}function oe(r){let e,t;return(...n)=>((!e||n.some((s,o)=>!Object.is(s,e[o])))&&(t=r(...n),e=n),t)}var io=28,Ua=O`
  .kinds {
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${Qt}px) ${io}px;
    column-gap: 12px;
    margin-top: 12px;
  }
  .kinds > .head {
    align-self: end;
  }
  .kinds > .period {
    padding-left: 10px;
  }
  .kinds > .earlier {
    white-space: nowrap;
  }
  .narrow.kinds > .earlier {
    width: min-content;
    min-width: 7ch;
    text-align: right;
    justify-self: end;
    white-space: normal;
    overflow-wrap: normal;
  }
  .kinds > .kind,
  .kinds > .count {
    display: flex;
    align-items: center;
    padding-top: 16px;
    font-size: 13px;
    line-height: 16px;
  }
  .kinds > .count {
    justify-content: flex-end;
    font-size: 16px;
  }
  .kinds > .quiet {
    color: var(--quiet);
  }
  .kinds .marks {
    grid-column: 2;
    grid-row: 2 / span 4;
    min-width: 0;
  }
  .kinds [role="slider"] {
    cursor: crosshair;
    touch-action: pan-y;
  }
  .kinds .axis {
    stroke: color-mix(in srgb, var(--primary-text-color) 22%, var(--ground));
  }
  .kinds .vague {
    stroke: var(--quiet);
    stroke-width: 5px;
    stroke-dasharray: 2 2;
  }
  .kinds .voltage_sag,
  .kinds .voltage_swell {
    fill: var(--primary-text-color);
  }
  .kinds .power_failure {
    fill: none;
    stroke: var(--excess);
    stroke-width: 2.5px;
    stroke-linecap: round;
  }
  .kinds .marks text {
    text-anchor: middle;
  }
  .kinds .marks text.words {
    text-anchor: start;
  }
  .kinds .chosen {
    fill: none;
    stroke: var(--link);
    stroke-width: 2px;
  }
  /* The names stand above their lines, which get all of the width. */
  .narrow.kinds {
    grid-template-columns: 0 minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${Hr}px) ${io}px;
    column-gap: 8px;
  }
  .narrow.kinds > .head {
    margin-bottom: 8px;
  }
  .narrow.kinds > .kind {
    width: max-content;
    padding: 0;
    align-items: start;
  }
  .narrow.kinds > .count {
    padding-top: 32px;
  }
  .narrow.kinds > .period,
  .narrow.kinds .marks,
  .narrow.kinds > .kind {
    grid-column: 1 / 3 !important;
    padding-left: 0;
  }
`;function Fa({found:r,drawing:e,locale:t,chosen:n,label:s,reading:o}){let{marks:i,months:a,lines:u,kindHeight:l}=e,d=Re.length*l,c=b=>b===void 0?"–":t.number(b),p=(b,k)=>{let S=`grid-row:${k+2}`;return f`<div class="kind" style="grid-column:1;${S}">${M(t,b)}</div>
      <div class="count" style="grid-column:3;${S}">${c(r.seen[b])}</div>
      <div class="count quiet" style="grid-column:4;${S}">${c(r.undated[b])}</div>`},m=n.index===void 0?void 0:i[n.index],h=A`
    ${Re.map((b,k)=>u[b]===void 0?A`<text class="words" x="10" y=${(k+1)*l-10}>${M(t,"not_counted")}</text>`:A`<path class="axis" d=${`M${e.from} ${u[b]}H${e.width-10}`}></path>`)}
    ${a.map(({x:b,time:k,isNamed:S})=>A`<path class="axis" d=${`M${b} ${d}v${S?6:3}`}></path>
      ${S?A`<text x=${b} y=${d+22}>${t.shortMonth(k)}</text>`:x}`)}
    <path class="vague" d=${e.vague}></path>
    ${Re.map(b=>A`<path class=${b} d=${e.paths[b]}></path>`)}
    ${e.labels.map(({x:b,y:k,text:S})=>A`<text x=${b} y=${k}>${t.number(S)}</text>`)}
    ${m?A`<circle class="chosen" cx=${m.x} cy=${m.y} r=${Gn(m.count)+4}></circle>`:x}`,y={width:e.width,height:d+io},v=f`<svg viewBox="0 0 ${y.width} ${y.height}" height=${y.height} aria-hidden="true">${h}</svg>`;return f`<div class="kinds ${l>Qt?"narrow":""}">
    <small class="head period" style="grid-column:2">${t.count(We,"months",Wa(r))}</small>
    <small class="head" style="grid-column:3">${M(t,"seen")}</small>
    <small class="head earlier" style="grid-column:4">${M(t,"earlier")}</small>
    ${Re.map(p)}
    ${i.length?f`<div class="marks" role="slider" tabindex="0" aria-label=${s} aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=${i.length-1} aria-valuenow=${Math.min(n.index??i.length-1,i.length-1)} aria-valuetext=${o}
            @pointerdown=${n.down} @pointermove=${n.move} @pointerup=${n.up} @pointercancel=${n.up}
            @pointerleave=${n.leave} @keydown=${n.key}>${v}</div>`:f`<div class="marks" role="img" aria-label=${s}>${v}</div>`}
  </div>`}var Zn=36e5,Bc=24,Uc=/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu,Fc=2048,Gc=["connected","disconnected","ready_for_reconnection"],Ga=r=>Gc.find(e=>e===r);function Za(r,e){let t=Ga(r);return t?M(e,`is_${t}`):"–"}function Qa(r,e,t){let n=r?.values?.power_threshold??e.connection_kva;return typeof n!="number"||!Number.isFinite(n)||n<=0?"–":t.unit(n,"kVA",Number.isInteger(Math.round(n*10)/10)?0:1)}var Kr=(r,e)=>se(r?.received_at)??se(e.last_telegram);function Zc(r,e,t){let[n,s]=[new Date(r),t.time(new Date(r))];return D(n)===D(new Date(e))?M(t,"at_time",{time:s}):M(t,"at_day",{day:t.day(n),time:s})}function Ya(r,e,t,n,s){let o=Kr(r,e);if(o===void 0)return M(s,r.gone?"not_read":"no_telegram_yet");let i=Un(n-o,s),a=M(s,"silent",{duration:i,when:Zc(o,n,s)});return r.gone?`${M(s,"not_read")} ${M(s,"reception",{ago:M(s,"ago",{time:i})})}`:t?a:M(s,Ga(r.values?.breaker)??"reception",{ago:M(s,"ago",{time:i})})}function Ja({reception:r},e){let t=Array.isArray(r?.received)?r.received:[],n=t.slice(-Bc).map(c=>typeof c=="number"&&c>=0&&c<=1?c:null),o=(se(r?.start)??e)+(t.length-n.length)*Zn,i=Math.max(o,se(r?.since)??o),a=Math.max(o,Math.min(e,o+n.length*Zn)),[u,l]=[0,0];n.forEach((c,p)=>{if(c===null)return;let m=Math.max(i,o+p*Zn),h=Math.max(1,Math.min(a,o+(p+1)*Zn)-m);u+=c*h,l+=h});let d=(Array.isArray(r?.longest_gaps)?r.longest_gaps:[]).flatMap(c=>{let[p,m]=[se(c.start),se(c.end)];return p!==void 0&&m!==void 0&&m>Math.max(p,o)?[{start:p,end:m}]:[]}).sort((c,p)=>p.end-p.start-(c.end-c.start));return{start:o,since:i,end:a,shares:n,share:l?u/l:null,gaps:d}}function Xa({gaps:r,share:e,start:t},n){let[s,o]=r;if(!s)return e===1?M(n,"no_gap"):"";let[i,a]=[new Date(s.start),new Date(s.end)],u=s.start<t?`${n.shortDay(i)}, ${n.timeRange(i,a)}`:n.timeRange(i,a);return M(n,o?"longest_gap":"gap",{range:u,duration:Un(s.end-s.start,n)})}function eu({share:r},e){return r===null?"–":e.percent(r,r<1?1:0)}function tu({start:r,shares:e},t){return e.map((n,s)=>{let o=new Date(r+s*Zn),i=n===null?"–":t.percent(n,n<1?1:0);return[`${t.shortWeekday(o)}, ${t.time(o)}`,i]}).reverse()}function nu({messages:r}){let e=Array.isArray(r)?r:[];for(let{text:t,time:n}of[...e].reverse()){let s=String(t??"").slice(0,Fc).replace(Uc," ").replace(/\s+/g," ").trim();if(s)return{text:s,time:se(n)}}}var Qc=160,Qn=20,Yc=3,ru=O`
  dl {
    margin: 8px 0 0;
  }
  dl > div {
    display: flex;
    justify-content: space-between;
    gap: 16px;
    padding: 5px 0;
    border-top: 1px solid var(--divider-color);
  }
  dd {
    margin: 0;
    text-align: right;
  }
  .hours .received {
    fill: color-mix(in srgb, var(--quiet) 72%, var(--ground));
  }
  .hours .missing {
    fill: var(--track);
    stroke: var(--quiet);
    stroke-width: 1px;
    vector-effect: non-scaling-stroke;
  }
  .hours .scale {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    margin-top: 4px;
  }
  .message {
    margin-top: 12px;
    padding-top: 8px;
    border-top: 1px solid var(--divider-color);
  }
  .message p:last-child {
    max-height: 96px;
    overflow: auto;
    unicode-bidi: isolate;
  }
`;function su(r,e){return f`<dl class=${e?"old":""}>
    ${r.map(([t,n])=>f`<div><dt>${t}</dt><dd>${n}</dd></div>`)}
  </dl>`}function ou(r){let[e,t]=["",""],n=(s,o,i)=>`M${s+.08} ${o}H${s+.92}V${i}H${s+.08}Z`;return r.shares.forEach((s,o)=>{if(s===null)return;let i=s>=1?0:Math.max(Yc,Math.round(Qn*(1-s)));i&&(t+=n(o,0,i)),i<Qn&&(e+=n(o,i,Qn))}),{received:e,missing:t}}function iu(r,e,t){if(r.share===null)return x;let n=Xa(r,t),s=M(t,"telegrams_since",{time:t.time(new Date(r.since))}),o=r.since>r.start?s:M(t,"telegrams"),i=eu(r,t),a=r.shares.length;return f`<div class="hours">
    <dl style="margin:0"><div><dt>${o}</dt><dd>${i}</dd></div></dl>
    <svg viewBox="0 0 ${a} ${Qn}" preserveAspectRatio="none" height=${Qn} role="img" aria-label="${o}: ${i}. ${n}">
      ${A`<path class="missing" d=${e.missing}></path><path class="received" d=${e.received}></path>`}
    </svg>
    <div class="scale"><small>${t.time(new Date(r.start))}</small><small>${n}</small><small>${M(t,"now")}</small></div>
  </div>`}function au(r,e){let t=nu(r);if(!t)return f`<div class="message"><p class="small">${M(e,"no_message")}</p></div>`;let n=t.time===void 0?"–":e.date(new Date(t.time)),s=M(e,"last_message",{date:n}),o=t.text.length>Qc;return f`<div class="message">
    <p class="small">${s}</p>
    <p dir="auto" role=${o?"region":x} aria-label=${o?s:x} tabindex=${o?0:x}>${t.text}</p>
  </div>`}var ao=3e5,uu=288,Jc=1e5,Xc=3,Vr=r=>typeof r=="number"&&r>=0&&r<Jc?r:null;function lu(r){let[e,t]=[Vr(r.limits?.[0])??207,Vr(r.limits?.[1])??253],n=se(r.start),s={start:n??0,rows:0,limits:[e,t],phases:[],first:0};if(n===void 0)return s;let o=[];for(let i of["L1","L2","L3"]){let a=r.phases?.[i],u=(a?.lowest??[]).slice(0,uu).map(Vr),l=(a?.highest??[]).slice(0,uu).map(Vr),d=Math.max(u.length,l.length),c=Array.from({length:d},(h,y)=>u[y]??l[y]??null),p=Array.from({length:d},(h,y)=>l[y]??u[y]??null),m=c.flatMap((h,y)=>h===null?[]:[y]);m.length&&(s.phases.push({name:i,lowest:c,highest:p,min:Math.min(...m.map(h=>c[h])),max:Math.max(...m.map(h=>p[h])),above:m.filter(h=>p[h]>t).length,below:m.filter(h=>c[h]<e).length}),s.rows=Math.max(s.rows,d),o.push(m[0]))}return s.first=o.length?Math.min(...o):0,s}function Yt(r,[e,t],n){return r>t&&Math.round(r)<=t?n.number(Dn(r,1),1):r<e&&Math.round(r)>=e?n.number($r(r,1),1):n.number(r)}function du(r,e){let[t,n]=r.limits,s=["above","below"].flatMap(i=>{let a=r.phases.filter(c=>c[i]);if(!a.length)return[];let u=i==="above"?Math.max(...a.map(({max:c})=>c)):Math.min(...a.map(({min:c})=>c)),l=Math.max(...a.map(c=>c[i])),d=r.phases.length===1?"alone":a.length===1?"one":"more";return M(e,`${i}_${d}`,{phases:Zt(a.map(({name:c})=>c),e),limit:`${e.number(i==="above"?n:t)} V`,duration:Un(l*ao,e),extreme:`${Yt(u,r.limits,e)} V`})});if(s.length)return s.join(" ");let o=M(e,`within_${Math.min(3,r.phases.length)}`,{low:e.number(t),high:e.number(n)}).replace(/ V$/," V");return r.first<Xc?`${o}.`:M(e,"since",{what:o,time:e.time(Yn(r,r.first))})}var Yn=(r,e)=>new Date(r.start+e*ao);function cu(r,e,t,n){if(r==null||e===null||e===void 0)return"–";let[s,o]=[Yt(r,t.limits,n),Yt(e,t.limits,n)];return s===o?s:`${s}–${o}`}function mu(r,e,t){let n=r.phases.map(({name:s,lowest:o,highest:i})=>{let a=cu(o[e],i[e],r,t);return`${s} ${a==="–"?a:`${a} V`}`});return`**${t.timeRange(Yn(r,e),Yn(r,e+1))}:** ${n.join(", ")}`}function hu(r,e){let t=new Map;for(let s=0;s<r.rows;s+=1){let o=Math.floor((r.start+s*ao)/36e5);t.set(o,[...t.get(o)??[],s])}let n=(s,o)=>o.map(i=>s[i]).filter(i=>typeof i=="number");return[...t].reverse().map(([s,o])=>{let i=new Date(s*36e5),a=r.phases.map(({lowest:u,highest:l})=>{let[d,c]=[n(u,o),n(l,o)];return d.length?cu(Math.min(...d),Math.max(...c),r,e):"–"});return[`${e.shortWeekday(i)}, ${e.time(i)}`,...a]})}var pu=O`
  .voltage {
    display: grid;
    grid-template-columns: auto auto minmax(0, 1fr) auto;
    column-gap: 8px;
    margin-top: 8px;
  }
  .voltage > div {
    height: ${56}px;
    display: flex;
    flex-direction: column;
    justify-content: center;
    white-space: nowrap;
  }
  .voltage .ticks {
    position: relative;
    width: 3ch;
  }
  .voltage .ticks small {
    position: absolute;
    right: 0;
    transform: translateY(-50%);
  }
  .voltage .chart {
    grid-column: 3;
    display: block;
    height: auto;
    cursor: crosshair;
    align-self: start;
    touch-action: pan-y;
  }
  .voltage .chart svg {
    overflow: hidden;
  }
  .voltage .line {
    fill: currentColor;
    stroke: currentColor;
    stroke-width: 1.5px;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .voltage .beyond {
    color: var(--excess);
  }
  .voltage .reader {
    stroke: var(--link);
    stroke-width: 2px;
    vector-effect: non-scaling-stroke;
  }
  .voltage .axis {
    grid-column: 3;
    flex-direction: row;
    justify-content: space-between;
    height: 20px;
  }
  .old {
    color: var(--quiet);
  }
  @container (max-width: 420px) {
    /* What is read at a place needs two lines: the chart does not jump below the finger. */
    .reserved {
      min-height: 48px;
    }
    .voltage .middle {
      display: none;
    }
  }
`;function gu({day:r,drawing:e,locale:t,chosen:n,label:s,reading:o,isOld:i,now:a}){let{phases:u,limits:l,rows:d}=r,{top:c,bottom:p}=e.band,m=u.length*64,h=u.map((b,k)=>`M0 ${k*64+c}H${d}V${k*64+p}H0Z`).join(""),y=({name:b,min:k,max:S},R)=>f`
    <div style="grid-column:1;grid-row:${R+1}" class=${i?"old":""}><small>${b}</small>${a(b)}</div>
    ${R?x:f`<div class="ticks" style="grid-column:2;grid-row:1">
      <small style="top:${c}px">${t.number(l[1])}</small><small style="top:${p}px">${t.number(l[0])}</small>
    </div>`}
    <div style="grid-column:4;grid-row:${R+1}">
      <small class="number">${M(t,"highest",{value:Yt(S,l,t)})}</small>
      <small class="number">${M(t,"lowest",{value:Yt(k,l,t)})}</small>
    </div>`,v=b=>t.time(Yn(r,b));return f`<div class="voltage" style="grid-template-rows:repeat(${u.length},${64}px) 20px">
    ${u.map(y)}
    <div class="chart" style="grid-row:1 / span ${u.length};height:${m}px" role="slider" tabindex="0" aria-label=${s}
      aria-orientation="horizontal" aria-valuemin="0" aria-valuemax=${d-1} aria-valuenow=${n.index??d-1} aria-valuetext=${o}
      @pointerdown=${n.down} @pointermove=${n.move} @pointerup=${n.up} @pointercancel=${n.up}
      @pointerleave=${n.leave} @keydown=${n.key}>
      <svg viewBox="0 0 ${d} ${m}" preserveAspectRatio="none" height=${m} aria-hidden="true">
        <path d=${h} fill="var(--track)"></path>
        ${e.paths.map(b=>A`<path class="line" d=${b}></path>`)}
        ${e.beyond?A`<clipPath id="beyond"><path d=${e.beyond}></path></clipPath>
          <g clip-path="url(#beyond)">${e.paths.map(b=>A`<path class="line beyond" d=${b}></path>`)}</g>`:x}
        ${n.index===void 0?x:A`<path class="reader" d=${`M${n.index+.5} 0V${m}`}></path>`}
      </svg>
    </div>
    <div class="axis" style="grid-row:${u.length+1}">
      <small>${v(0)}</small><small class="middle">${v(Math.round(d/2))}</small><small>${M(t,"now")}</small>
    </div>
  </div>`}var Jt,Xn,_t,Xt,er,uo,Jn=class{constructor(e,t){w(this,er);this.value=0;w(this,Jt);w(this,Xn);w(this,_t,null);w(this,Xt,new ResizeObserver(()=>_(this,er,uo).call(this)));$(this,Jt,e),$(this,Xn,t),e.addController(this)}hostUpdated(){let e=g(this,Jt).renderRoot.querySelector(g(this,Xn));e!==g(this,_t)&&(g(this,Xt).disconnect(),$(this,_t,e),e&&(g(this,Xt).observe(e),_(this,er,uo).call(this)))}hostDisconnected(){g(this,Xt).disconnect(),$(this,_t,null)}};Jt=new WeakMap,Xn=new WeakMap,_t=new WeakMap,Xt=new WeakMap,er=new WeakSet,uo=function(){let e=Math.round(g(this,_t)?.getBoundingClientRect().width??0);!e||e===this.value||(this.value=e,g(this,Jt).requestUpdate())};var lo=["voltage","supply","interruptions"],fu=3e5,tm=452,nm=["breaker","relay_1","relay_2","power_failures",...["l1","l2","l3"].flatMap(r=>[`voltage_sags_${r}`,`voltage_swells_${r}`])],Fr,Gr,Zr,Qr,Yr,Jr,Xr,es,en,tt,tn,Ie,L,tr,qe,Br,_u,yu,bu,wu,Ur,co,rr,ts,vu,nr=class extends P{constructor(){super(...arguments);w(this,L);w(this,Fr,oe(lu));w(this,Gr,oe(Ba));w(this,Zr,oe(Ja));w(this,Qr,oe(ou));w(this,Yr,oe(Oa));w(this,Jr,oe(Va));w(this,Xr,new Jn(this,"ha-card"));w(this,es,new Jn(this,".marks"));w(this,en);w(this,tt);w(this,tn);w(this,Ie,new Te(this,()=>{if(g(this,tt))return{count:g(this,tt).marks.length,at:n=>_(this,L,vu).call(this,n)};let t=g(this,en)?.rows??0;return{count:t,at:n=>t?Math.max(0,Math.min(t-1,Math.floor(n*t))):void 0}}));w(this,rr,oe(t=>Date.now()));w(this,ts,()=>{let{top:t,bottom:n}=this.getBoundingClientRect();!document.hidden&&n>0&&t<innerHeight&&this.requestUpdate()})}static getConfigForm(){let t=fe(),n=lo.map(s=>({value:s,label:M(t,s)}));return{schema:[{name:"entry_id",selector:{config_entry:{integration:"smarty_p1"}}},{name:"part",default:"voltage",selector:{select:{mode:"dropdown",options:n}}}],computeLabel:({name:s})=>s==="part"?M(t,"part"):t.common("meter")}}setConfig(t){let n=t?.part??"voltage";if(!lo.some(s=>s===n))throw new Error(`part: ${lo.join(", ")}`);super.setConfig(t),g(this,Ie).choose(void 0)}getGridOptions(){let t={...super.getGridOptions()};return g(this,L,tr)==="interruptions"?{...t,columns:"full"}:t}disconnectedCallback(){super.disconnectedCallback(),clearTimeout(g(this,tn))}content(t,n){return clearTimeout(g(this,tn)),$(this,en,$(this,tt,void 0)),g(this,L,tr)==="supply"?_(this,L,bu).call(this,t,n):g(this,L,tr)==="interruptions"?_(this,L,wu).call(this,n):_(this,L,_u).call(this,t,n)}};Fr=new WeakMap,Gr=new WeakMap,Zr=new WeakMap,Qr=new WeakMap,Yr=new WeakMap,Jr=new WeakMap,Xr=new WeakMap,es=new WeakMap,en=new WeakMap,tt=new WeakMap,tn=new WeakMap,Ie=new WeakMap,L=new WeakSet,tr=function(){return this.config?.part??"voltage"},qe=function(t,n=x){return f`<header><h2>${M(this.locale,g(this,L,tr))}</h2>${n}</header>${t}`},Br=function(t){return t==="not_loaded"||t==="not_found"?f`<p>${M(this.locale,"not_read")}</p>`:t==="unauthorized"?f`<p>${this.locale.common("not_allowed")}</p>`:this.waiting(t)},_u=function(t,n){let{locale:s}=this,o=n.get("smarty_p1/voltages",{},String(Math.floor(Date.now()/fu)));if(!o.value)return _(this,L,qe).call(this,_(this,L,Br).call(this,o.error),this.stamp(n));let i=g(this,Fr).call(this,o.value);if(!i.phases.length)return _(this,L,qe).call(this,f`<p>${M(s,_(this,L,yu).call(this,t,n))}</p>`,this.stamp(n));$(this,en,i);let a=g(this,Ie).index,u=a===void 0||a>=i.rows?du(i,s):mu(i,a,s),l=p=>{let m=n.live?.values?.[`voltage_${p.toLowerCase()}`],h=typeof m=="number"&&Number.isFinite(m)?s.unit(m,"V"):"–";return this.moreInfo(`voltage_${p.toLowerCase()}`,h,p)},d=M(s,"voltage_chart"),c={day:i,drawing:g(this,Gr).call(this,i),locale:s,chosen:g(this,Ie),label:d,now:l,isOld:this.isOld(n)};return _(this,L,qe).call(this,f`${this.sentence(u,"reserved")} ${gu({...c,reading:me(u)})}
        ${_(this,L,Ur).call(this,d,[M(s,"hour"),...i.phases.map(({name:p})=>`${p} (V)`)],()=>hu(i,s))}`,this.stamp(n))},yu=function(t,n){if(Kr(n.live,t)===void 0)return"no_voltage_yet";if(this.isOld(n))return"no_voltage_lately";let{voltage_l1:s,voltage_l2:o,voltage_l3:i}=n.live?.values??{};return(s??o??i??null)===null?"sends_no_voltage":"no_voltage_yet"},bu=function(t,n){let{live:s}=n,{locale:o}=this;if(!s)return _(this,L,qe).call(this,this.waiting());let i=_(this,L,co).call(this,n),a=this.isOld(n),u=Ya(s,t,a,n.now,o),l=Kr(s,t)!==void 0,d=(m,h=!1)=>{let y=Za(s.values?.[m],o);return this.moreInfo(m,h?y.toLocaleLowerCase(o.language):y,M(o,m))},c=[[M(o,"breaker"),d("breaker")],[M(o,"relays"),f`${d("relay_1")} / ${d("relay_2",!0)}`],[M(o,"limit"),this.moreInfo("power_threshold",Qa(s,t,o),M(o,"limit"))]];!s.values?.relay_1&&!s.values?.relay_2&&c.splice(1,1),!a&&l&&$(this,tn,setTimeout(g(this,ts),1e3));let p=i.value&&g(this,Zr).call(this,i.value,g(this,rr).call(this,i.value));return _(this,L,qe).call(this,f`${this.sentence(u)} ${l?su(c,a):x}
        ${p?f`${iu(p,g(this,Qr).call(this,p),o)} ${au(i.value,o)}`:_(this,L,Br).call(this,i.error)}
        ${p&&p.share!==null?_(this,L,Ur).call(this,M(o,"telegrams"),[M(o,"hour"),M(o,"received")],()=>tu(p,o)):x}`,a?this.stamp(n):x)},wu=function(t){let{locale:n}=this,s=_(this,L,co).call(this,t);if(!s.value)return _(this,L,qe).call(this,_(this,L,Br).call(this,s.error));let o=g(this,rr).call(this,s.value),i=g(this,Yr).call(this,s.value,o),a=Ia(i,o,n);if(!Object.keys(i.seen).length)return _(this,L,qe).call(this,f`<p>${a}</p>`);let u=g(this,Xr).value<tm?Hr:Qt,l=$(this,tt,g(this,Jr).call(this,i,g(this,es).value||320,u)),d=g(this,Ie).index===void 0?void 0:l.marks[g(this,Ie).index],c=d?Pa(d.joined,o,n):a,p={found:i,drawing:l,locale:n,chosen:g(this,Ie),label:me(a),reading:me(c)},m=[M(n,"when"),M(n,"what"),M(n,"phases")];return _(this,L,qe).call(this,f`${this.sentence(c,"reserved")} ${Fa(p)}
        <p class="small">${M(n,"counts_only")}</p>
        ${i.all.length?_(this,L,Ur).call(this,M(n,"interruptions"),m,()=>Ha(i,o,n)):x}`)},Ur=function(t,n,s){return f`${this.table(t,n,s)}<footer>${this.tableButton()}</footer>`},co=function(t){let n=nm.map(s=>t.live?.values?.[s]??"").join(" ");return t.get("smarty_p1/events",{},`${Math.floor(Date.now()/fu)} ${t.live?.state} ${n}`)},rr=new WeakMap,ts=new WeakMap,vu=function(t){let{marks:n=[],width:s=0}=g(this,tt)??{},o=n.map(({x:i})=>Math.abs(i-t*s));return o.length?o.indexOf(Math.min(...o)):void 0},nr.styles=[F,pu,ru,Ua];var xu={en:{name:"Smarty: so far",description:"What today and this month have used and cost",title:"So far",today:"Today",grid:"From the grid",fed_in:"Fed in",highest:"Highest quarter-hour",cost:"Cost with VAT",cost_grid:"Cost with VAT, grid only",forecast:"About **{amount}** by {day}",forecast_receive:"About **{amount}** to receive by {day}",until:"until {time}",price_missing:"price missing",enter_prices:"Enter the prices",enter_reference:"Enter the reference power",measured:"{share} of today is known.",counted_since:"Counted since {day}.",unpriced:"{energy} without a price are missing.",nothing_yet:"Nothing is counted yet: that begins with the first telegram."},de:{name:"Smarty: bis jetzt",description:"Was heute und dieser Monat verbraucht und gekostet haben",title:"Bis jetzt",today:"Heute",grid:"Aus dem Netz",fed_in:"Eingespeist",highest:"Höchste Viertelstunde",cost:"Kosten mit MwSt.",cost_grid:"Kosten mit MwSt., nur Netz",forecast:"Etwa **{amount}** bis {day}",forecast_receive:"Etwa **{amount}** zu bekommen bis {day}",until:"bis {time}",price_missing:"Preis fehlt",enter_prices:"Preise eingeben",enter_reference:"Referenzleistung eingeben",measured:"Von heute sind {share} bekannt.",counted_since:"Gezählt seit {day}.",unpriced:"{energy} ohne Preis fehlen.",nothing_yet:"Noch ist nichts gezählt: das beginnt mit dem ersten Telegramm."},fr:{name:"Smarty : jusqu'ici",description:"Ce qu'aujourd'hui et ce mois ont consommé et coûté",title:"Jusqu'ici",today:"Aujourd'hui",grid:"Du réseau",fed_in:"Injecté",highest:"Quart d'heure maximal",cost:"Coût TTC",cost_grid:"Coût TTC, réseau seul",forecast:"Environ **{amount}** au {day}",forecast_receive:"Environ **{amount}** à recevoir au {day}",until:"jusqu'à {time}",price_missing:"prix manquant",enter_prices:"Saisir les prix",enter_reference:"Saisir la puissance de référence",measured:"{share} d'aujourd'hui est connu.",counted_since:"Compté depuis le {day}.",unpriced:"{energy} sans prix manquent.",nothing_yet:"Rien n'est encore compté : cela commence avec le premier télégramme."},lb:{name:"Smarty: bis elo",description:"Wat haut an dëse Mount verbraucht a kascht hunn",title:"Bis elo",today:"Haut",grid:"Aus dem Netz",fed_in:"Agespeist",highest:"Héchst Véierelstonn",cost:"Käschte mat TVA",cost_grid:"Käschte mat TVA, nëmmen Netz",forecast:"Ongeféier **{amount}** bis den {day}",forecast_receive:"Ongeféier **{amount}** ze kréie bis den {day}",until:"bis {time}",price_missing:"Präis feelt",enter_prices:"Präisser aginn",enter_reference:"Referenzleeschtung aginn",measured:"Vun haut sinn {share} bekannt.",counted_since:"Gezielt zënter dem {day}.",unpriced:"{energy} ouni Präis feelen.",nothing_yet:"Nach ass näischt gezielt: dat fänkt mam éischten Telegramm un."},pt:{name:"Smarty: até agora",description:"O que hoje e este mês consumiram e custaram",title:"Até agora",today:"Hoje",grid:"Da rede",fed_in:"Injetado",highest:"Quarto de hora máximo",cost:"Custo com IVA",cost_grid:"Custo com IVA, só rede",forecast:"Cerca de **{amount}** até {day}",forecast_receive:"Cerca de **{amount}** a receber até {day}",until:"até às {time}",price_missing:"falta o preço",enter_prices:"Introduzir os preços",enter_reference:"Introduzir a potência de referência",measured:"De hoje são conhecidos {share}.",counted_since:"Contado desde {day}.",unpriced:"Faltam {energy} sem preço.",nothing_yet:"Ainda nada foi contado: começa com o primeiro telegrama."}};var nn=xu,mo="–",sm=.99,ku=r=>{let e=r.filter(t=>typeof t=="number");return e.length?e.reduce((t,n)=>t+n,0):null};function $u(r,e,t,n,s,o){let i=(k,S={})=>o.text(nn,k,S),a=r.at(-1),u=r[0],l=!a||a.day===D(s),d=(k,S)=>typeof k=="number"?o.kWh(k/1e3,S):mo,c=k=>typeof k=="number"?o.kW(k):mo,p=[...r.map(({peak:k})=>k?.mean_kw),e?.peak?.mean_kw].filter(k=>typeof k=="number"),m=!!e?.missing?.length,h=!!e&&!m&&!e.lines.some(({name:k})=>k==="energy"),y=(k,S)=>m?i("price_missing"):typeof k=="number"?S(k):mo,v=[{key:"grid",name:i("grid"),today:d(a?.imported_wh,1),month:d(ku(r.map(({imported_wh:k})=>k)),0)},{key:"fed_in",name:i("fed_in"),today:d(a?.exported_wh,1),month:d(ku(r.map(({exported_wh:k})=>k)),0)},{key:"highest",name:i("highest"),today:c(a?.peak?.mean_kw),month:c(p.length?Math.max(...p):null)},{key:"cost",name:i(h?"cost_grid":"cost"),today:y(e&&a?.cost,k=>o.cents(k)),month:y(e?.total,k=>Math.abs(k)<10?o.cents(k):o.euros(k))}],b=new Date(e?.start??u?.start??s);return{until:e?i("until",{time:om(e,s,o)}):void 0,today:l?i("today"):o.shortDay(z(a.day)),month:o.month(b),rows:v.filter(({key:k})=>k!=="fed_in"||n),forecast:e&&im(e,o),notes:[e?.since?i("counted_since",{day:o.day(new Date(e.since))}):"",a&&l&&a.of_quarter_hours>0&&a.quarter_hours/a.of_quarter_hours<sm?i("measured",{share:o.percent(a.quarter_hours/a.of_quarter_hours)}):"",e?.unpriced_kwh?i("unpriced",{energy:o.kWh(e.unpriced_kwh)}):""].filter(Boolean),lacks:t==="no_reference_power"?"reference":m||h&&!e?.unpriced_kwh?"prices":void 0}}function om(r,e,t){let n=new Date(r.until);return D(n)===D(e)?t.time(n):`${t.shortDay(n)}, ${t.time(n)}`}function im(r,e){let t=r.estimate?.total;if(typeof t!="number"||!Number.isFinite(t))return;let n=Math.round(t)<0;return e.text(nn,n?"forecast_receive":"forecast",{amount:e.euros(n?-t:t),day:e.day(new Date(Date.parse(r.end)-1))})}var am={grid:"energy_imported",fed_in:"energy_exported",highest:"demand_peak",cost:"cost_total"},ir,rn,le,Mu,sr,Su,Tu,or=class extends P{constructor(){super(...arguments);w(this,le);w(this,ir,[]);w(this,rn)}content(t,n){let s=n.get("smarty_p1/days",{}),o=n.get("smarty_p1/bill",{months:1}),i=f`<h2>${_(this,le,sr).call(this,"title")}</h2>`;if(!s.value){let l=s.error==="nothing_counted";return f`${i}${l?f`<p role="status">${_(this,le,sr).call(this,"nothing_yet")}</p>`:this.waiting(s.error)}`}let a=_(this,le,Mu).call(this,s.value.days,o.value?.months.at(-1),o.error,t),u=this.isOld(n)||n.live?.state!=="receiving";return f`<header>${i}<small class="number">${a.until??x}</small></header>
      ${a.forecast?f`<p>${ge(a.forecast)}</p>`:x}
      <table class=${u?"old":""}>
        <thead>
          <tr class="small"><td></td><th scope="col">${a.today}</th><th scope="col">${a.month}</th></tr>
        </thead>
        <tbody>${a.rows.map(l=>_(this,le,Su).call(this,l))}</tbody>
      </table>
      ${a.lacks&&this.hass?.user?.is_admin?_(this,le,Tu).call(this,t,a.lacks):x}
      ${a.notes.length?f`<p class="small">${a.notes.join(" ")}</p>`:x}`}};ir=new WeakMap,rn=new WeakMap,le=new WeakSet,Mu=function(t,n,s,o){let i=o.feeds_in??t.some(({exported_wh:u})=>u),a=[t,n,s,i,this.locale,D(new Date)];return(!g(this,rn)||a.some((u,l)=>u!==g(this,ir)[l]))&&($(this,ir,a),$(this,rn,$u(t,n,s,i,new Date,this.locale))),g(this,rn)},sr=function(t){return this.text(nn,t)},Su=function({key:t,name:n,today:s,month:o}){let i=t==="grid"||t==="fed_in"?f`<span class="dot ${t}"></span>`:x,a=s===_(this,le,sr).call(this,"price_missing"),u=a?"words":"number";return f`<tr class=${t}>
      <th scope="row">${i}${n}</th>
      ${a?f`<td class=${u} colspan="2">${s}</td>`:f`<td class=${u}>${s}</td><td class=${u}>${this.moreInfo(am[t],o,n)}</td>`}
    </tr>`},Tu=function(t,n){let s=`/config/integrations/integration/smarty_p1#config_entry=${t.entry_id}`;return f`<div>${this.link(s,_(this,le,sr).call(this,n==="prices"?"enter_prices":"enter_reference"))}</div>`},or.styles=[F,O`
      table {
        margin-top: 8px;
      }
      th,
      td {
        height: 47px;
        padding: 0;
        font-weight: 400;
        text-align: start;
        border-top: 1px solid var(--divider-color);
      }
      td {
        padding-inline-start: 12px;
        text-align: end;
      }
      thead > tr > * {
        height: auto;
        padding-bottom: 4px;
        text-align: end;
        border: 0;
      }
      thead > tr > ::first-letter {
        text-transform: uppercase;
      }
      td button.plain {
        min-height: 44px;
        text-align: end;
      }
      .cost td {
        font-weight: 500;
      }
      .cost td.words {
        white-space: normal;
        font-weight: 400;
        color: var(--quiet);
      }
      .dot.grid {
        color: var(--drawn);
      }
      .dot.fed_in {
        color: var(--fed-in);
      }
      .old td {
        color: var(--quiet);
      }
    `];var Ru=r=>(...e)=>({_$litDirective$:r,values:e}),ns=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,n){this._$Ct=e,this._$AM=t,this._$Ci=n}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}};var um={},yt=Ru(class extends ns{constructor(){super(...arguments),this.ot=um}render(r,e){return e()}update(r,[e,t]){if(Array.isArray(e)){if(Array.isArray(this.ot)&&this.ot.length===e.length&&e.every((n,s)=>n===this.ot[s]))return ve}else if(this.ot===e)return ve;return this.ot=Array.isArray(e)?Array.from(e):e,this.render(e,t)}});var de=9e5,lm=100,dm={imported:null,exported:null,origin:void 0},go=4e3,B=r=>(r??0)/250,Au=(r,e)=>Math.max(1,Math.min(lm,Math.round((e-r)/de)||1));function Eu(r,e,t,n){let s=Array.from({length:e},()=>({...dm})),o=(i,a)=>{if(!i||!Array.isArray(i.values))return;let u=Math.round((Date.parse(i.start)-r)/de);i.values.forEach((l,d)=>{let c=s[u+d];c&&typeof l=="number"&&Math.abs(l)<=go*250&&a(c,Math.max(0,l),d)})};o(t,(i,a)=>i.imported=a),o(n,(i,a)=>i.exported=a);for(let[i,a,u]of t?.origins??[])o(t,(l,d,c)=>c>=i&&c<i+a&&(l.origin=u));return s}var ho=22,cm=34;function Cu(r){let{quarters:e,reference:t,width:n,height:s}=r,o=e.length,i=r.tickWidth+8,a=Math.max(i+o,n),u=s-cm,l=(a-i)/o,d=Math.max(2,Math.round(l*.85*2)/2),c=N=>i+N*l,{high:p,low:m}=hm(r),h=N=>ho+(p-N)/(p-m)*(u-ho),y={drawn:po(),excess:po(),fed:po()},v="",b;e.forEach(({imported:N,exported:H,origin:we},Ve)=>{let pn=Du(c(Ve)+Math.max(0,l-d)/2),he=we==="platform_estimated",je=he?"estimated":"measured",Q=(td,nd)=>rs(pn,d,h(td),h(nd));if(N===null){Ve<r.ended&&Ve>=r.begun&&(v+=mm(Du(c(Ve)+l/2),h(0)));return}let ce=B(N),rt=t===null?ce:Math.min(ce,t);rt>0&&(y.drawn[je]+=Q(0,rt)),ce>rt&&(y.excess[je]+=Q(rt,ce),(!b||ce>b.kw)&&(b={x:c(Ve)+l/2,y:h(ce),kw:ce,isEstimated:he})),H&&(y.fed[je]+=Q(0,-B(H)))});let{ticks:k,decimals:S}=ym(p,m,t,h),R=(N,H)=>e.slice(o*N,o*H).some(we=>B(we.imported)>(t??Number.POSITIVE_INFINITY)),T=r.isNarrow?.55:.2;return{left:i,right:a,top:ho,bottom:u,slot:l,barWidth:d,x:c,y:h,ticks:k,tickDecimals:S,hours:bm(r,c,a-i),paths:y,gaps:v,highest:b,isNameRight:R(0,T)&&!R(1-T,1)}}var po=()=>({measured:"",estimated:""}),Du=r=>Math.round(r*2)/2;function rs(r,e,t,n){let s=Math.min(t,n),o=Math.max(1,Math.abs(t-n));return`M${r} ${(n>t?s:t-o).toFixed(1)}h${e}v${o.toFixed(1)}h${-e}z`}var mm=(r,e)=>`M${r-1.5} ${e.toFixed(1)}a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0`,fo=r=>r>0?Math.ceil(r+.6):0;function hm({quarters:r,reference:e,room:t}){let n=0,s=0;for(let{imported:i,exported:a}of r)n=Math.max(n,B(i)),s=Math.max(s,B(a));return{high:Math.max(e===null?1:e+1,n+.6,t.drawn),low:-Math.max(s>0?s+.3:0,t.fed)||0}}var pm=44,gm=18,fm=26,_m=1e9;function ym(r,e,t,n){let s=n(0)-n(1),o=u=>u*s>=pm,i=[.2,.5,1,2,4].find(o);for(let u=10;i===void 0;u*=10)i=[1,2,4].map(l=>l*u).find(o)??(u>_m?u:void 0);let a=[];for(let u=Math.ceil(e/i);u*i<=r&&a.length<20;u+=1){let l=u*i,d=t===null?Number.NaN:n(t)-n(l);l!==0&&d>-gm&&d<fm||a.push({kw:l,y:n(l)})}return{ticks:a,decimals:i<1?1:0}}function bm({start:r,quarters:e,isNarrow:t,hourWidth:n},s,o){let a=(t?[6,12]:[3,6,12]).find(l=>o*l/24>n*1.5+4)??12,u=[];for(let l=0;l<e.length;l+=4)ne(new Date(r+l*de)).hour%a===0&&u.push({index:l,x:s(l)});return u}function Lu(r,e,t){let n=u=>Math.max(0,...u.map(l=>l||0)),s=n(r.map(u=>u?.imported_wh)),o=n(r.map(u=>u?.exported_wh)),i=t/(s+o||1),a=s||o?s*i:t;return r.map(u=>{let l=u?.imported_wh||0,d=Math.min(l,u?.above_wh||0),c=u?.exported_wh||0,p=(m,h)=>m===h?"":rs(0,e,a-m*i,a-h*i);return{zero:a,drawn:p(0,l-d),excess:p(l-d,l),fed:p(0,-c)}})}var Nu={en:{name:"Smarty: day",description:"The quarter-hours of a day against the reference power",drawn:"{drawn} drawn.",drawn_fed:"{drawn} drawn, {fed} fed in.",none:"No quarter-hour above {R}.",none_whole:"No whole quarter-hour above {R}",above_one:"**{count} quarter-hour above {R}:** {kwh}",above_other:"**{count} quarter-hours above {R}:** {kwh}",heading:"; now heading for ≈ {kw}",peak:"Highest quarter-hour: {kw}.",first:"No whole quarter-hour yet: the first one ends at {time}.",unknown_day:"Nothing is known of this day.",bar_unknown:"not measured",bar_drawn:"{kw} drawn",bar_fed:"{kw} fed in",bar_heading:"heading for {kw}",bar_above:"{kwh} above {R}",portal:"From the Leneda portal.",estimated:"Estimated by the grid operator.",portal_one:"{count} quarter-hour from the Leneda portal",portal_other:"{count} quarter-hours from the Leneda portal",estimated_one:"{count} of them estimated by the grid operator (hatched)",estimated_other:"{count} of them estimated by the grid operator (hatched)",gaps_one:"{count} quarter-hour not measured",gaps_other:"{count} quarter-hours not measured",reference:"reference power",earlier:"The day before",later:"The day after",choose:"Choose a day",chart:"Quarter-hours",time:"Time",drawn_kw:"Drawn, kW",fed_kw:"Fed in, kW",above_kwh:"Above {R}, kWh",not_read:"The meter is not being read at the moment."},de:{name:"Smarty: Tag",description:"Die Viertelstunden eines Tages an der Referenzleistung gemessen",drawn:"{drawn} bezogen.",drawn_fed:"{drawn} bezogen, {fed} eingespeist.",none:"Keine Viertelstunde über {R}.",none_whole:"Keine ganze Viertelstunde über {R}",above_one:"**{count} Viertelstunde über {R}:** {kwh}",above_other:"**{count} Viertelstunden über {R}:** {kwh}",heading:"; jetzt auf dem Weg zu ≈ {kw}",peak:"Höchste Viertelstunde: {kw}.",first:"Noch keine ganze Viertelstunde: Die erste endet um {time}.",unknown_day:"Von diesem Tag ist nichts bekannt.",bar_unknown:"nicht gemessen",bar_drawn:"{kw} bezogen",bar_fed:"{kw} eingespeist",bar_heading:"auf dem Weg zu {kw}",bar_above:"{kwh} über {R}",portal:"Aus dem Leneda-Portal.",estimated:"Vom Netzbetreiber geschätzt.",portal_one:"{count} Viertelstunde aus dem Leneda-Portal",portal_other:"{count} Viertelstunden aus dem Leneda-Portal",estimated_one:"{count} davon vom Netzbetreiber geschätzt (schraffiert)",estimated_other:"{count} davon vom Netzbetreiber geschätzt (schraffiert)",gaps_one:"{count} Viertelstunde nicht gemessen",gaps_other:"{count} Viertelstunden nicht gemessen",reference:"Referenzleistung",earlier:"Der Tag davor",later:"Der Tag danach",choose:"Einen Tag wählen",chart:"Viertelstunden",time:"Zeit",drawn_kw:"Bezogen, kW",fed_kw:"Eingespeist, kW",above_kwh:"Über {R}, kWh",not_read:"Der Zähler wird gerade nicht gelesen."},fr:{name:"Smarty : journée",description:"Les quarts d'heure d'un jour face à la puissance de référence",drawn:"{drawn} prélevés.",drawn_fed:"{drawn} prélevés, {fed} injectés.",none:"Aucun quart d'heure au-dessus de {R}.",none_whole:"Aucun quart d'heure entier au-dessus de {R}",above_one:"**{count} quart d'heure au-dessus de {R} :** {kwh}",above_other:"**{count} quarts d'heure au-dessus de {R} :** {kwh}",heading:" ; maintenant vers ≈ {kw}",peak:"Quart d'heure maximal : {kw}.",first:"Pas encore de quart d'heure entier : le premier se termine à {time}.",unknown_day:"Rien n'est connu de ce jour.",bar_unknown:"non mesuré",bar_drawn:"{kw} prélevés",bar_fed:"{kw} injectés",bar_heading:"vers {kw}",bar_above:"{kwh} au-dessus de {R}",portal:"Du portail Leneda.",estimated:"Estimé par le gestionnaire de réseau.",portal_one:"{count} quart d'heure du portail Leneda",portal_other:"{count} quarts d'heure du portail Leneda",estimated_one:"dont {count} estimé par le gestionnaire de réseau (hachuré)",estimated_other:"dont {count} estimés par le gestionnaire de réseau (hachurés)",gaps_one:"{count} quart d'heure non mesuré",gaps_other:"{count} quarts d'heure non mesurés",reference:"puissance de référence",earlier:"Le jour d'avant",later:"Le jour d'après",choose:"Choisir un jour",chart:"Quarts d'heure",time:"Heure",drawn_kw:"Prélevé, kW",fed_kw:"Injecté, kW",above_kwh:"Au-dessus de {R}, kWh",not_read:"Le compteur n'est pas lu en ce moment."},lb:{name:"Smarty: Dag",description:"D'Véierelstonne vun engem Dag géint d'Referenzleeschtung",drawn:"{drawn} bezunn.",drawn_fed:"{drawn} bezunn, {fed} agespeist.",none:"Keng Véierelstonn iwwer {R}.",none_whole:"Keng ganz Véierelstonn iwwer {R}",above_one:"**{count} Véierelstonn iwwer {R}:** {kwh}",above_other:"**{count} Véierelstonnen iwwer {R}:** {kwh}",heading:"; elo um Wee op ≈ {kw}",peak:"Héchst Véierelstonn: {kw}.",first:"Nach keng ganz Véierelstonn: déi éischt ass um {time} eriwwer.",unknown_day:"Vun dësem Dag ass näischt bekannt.",bar_unknown:"net gemooss",bar_drawn:"{kw} bezunn",bar_fed:"{kw} agespeist",bar_heading:"um Wee op {kw}",bar_above:"{kwh} iwwer {R}",portal:"Vum Leneda-Portal.",estimated:"Vum Netzbedreiwer geschat.",portal_one:"{count} Véierelstonn vum Leneda-Portal",portal_other:"{count} Véierelstonnen vum Leneda-Portal",estimated_one:"{count} dovun vum Netzbedreiwer geschat (schrafféiert)",estimated_other:"{count} dovun vum Netzbedreiwer geschat (schrafféiert)",gaps_one:"{count} Véierelstonn net gemooss",gaps_other:"{count} Véierelstonnen net gemooss",reference:"Referenzleeschtung",earlier:"Den Dag virdrun",later:"Den Dag drop",choose:"En Dag wielen",chart:"Véierelstonnen",time:"Zäit",drawn_kw:"Bezunn, kW",fed_kw:"Agespeist, kW",above_kwh:"Iwwer {R}, kWh",not_read:"De Compteur gëtt am Moment net gelies."},pt:{name:"Smarty: dia",description:"Os quartos de hora de um dia face à potência de referência",drawn:"{drawn} consumidos.",drawn_fed:"{drawn} consumidos, {fed} injetados.",none:"Nenhum quarto de hora acima de {R}.",none_whole:"Nenhum quarto de hora completo acima de {R}",above_one:"**{count} quarto de hora acima de {R}:** {kwh}",above_other:"**{count} quartos de hora acima de {R}:** {kwh}",heading:"; agora a caminho de ≈ {kw}",peak:"Quarto de hora máximo: {kw}.",first:"Ainda nenhum quarto de hora completo: o primeiro termina às {time}.",unknown_day:"Nada se sabe deste dia.",bar_unknown:"não medido",bar_drawn:"{kw} consumidos",bar_fed:"{kw} injetados",bar_heading:"a caminho de {kw}",bar_above:"{kwh} acima de {R}",portal:"Do portal Leneda.",estimated:"Estimado pelo operador da rede.",portal_one:"{count} quarto de hora do portal Leneda",portal_other:"{count} quartos de hora do portal Leneda",estimated_one:"{count} deles estimado pelo operador da rede (tracejado)",estimated_other:"{count} deles estimados pelo operador da rede (tracejados)",gaps_one:"{count} quarto de hora não medido",gaps_other:"{count} quartos de hora não medidos",reference:"potência de referência",earlier:"O dia anterior",later:"O dia seguinte",choose:"Escolher um dia",chart:"Quartos de hora",time:"Hora",drawn_kw:"Consumido, kW",fed_kw:"Injetado, kW",above_kwh:"Acima de {R}, kWh",not_read:"O contador não está a ser lido neste momento."}};var De=Nu,vm=400,ss=7,xm=300,_o=36e5;function is({day:r,isToday:e,hasSun:t,known:n,firstEnds:s,heading:o},i){let a=(y,v={})=>i.text(De,y,v),u=o===null?"":a("heading",{kw:i.kW(o)});if(e&&!n&&s)return`${a("first",{time:i.time(s)})}${u&&` ${km(u)}`}`;if(!r||r.imported_wh===null)return a("unknown_day");let l=i.kWh(r.imported_wh/1e3),d=t&&r.exported_wh!==null?i.kWh(r.exported_wh/1e3):void 0,c=d===void 0?a("drawn",{drawn:l}):a("drawn_fed",{drawn:l,fed:d});if(r.reference_kw===null){let y=r.peak?` ${a("peak",{kw:i.kW(r.peak.mean_kw)})}`:"";return`${c}${y}`}let p=i.referenceKW(r.reference_kw);if(!r.quarter_hours_above)return`${c} ${u?`${a("none_whole",{R:p})}${$m(u)}.`:a("none",{R:p})}`;let m=i.count(De,"above",r.quarter_hours_above,{R:p,kwh:Ou(r.above_wh/1e3,i)}),h=r.cost_above===null?"":`, ${Wu(r.cost_above,i)}`;return`${c} ${m}${h}${u}`}var km=r=>{let e=r.replace(/^\s*;\s*/,"");return`**${zu(e)}.**`},$m=r=>r.replace(/^(\s*;\s*)(.*)$/,"$1**$2**"),zu=r=>r.charAt(0).toUpperCase()+r.slice(1),Ou=(r,e)=>e.kWh(r,r>0&&r<.05?2:1),Wu=(r,e)=>r>0&&r<.005?`< ${e.cents(.01)}`:e.cents(r);function qu(r,e,t){let{start:n,drawn:s,reference:o,isRunning:i}=r,a=(b,k={})=>e.text(De,b,k),u=new Date(n.getTime()+9e5),l=e.language==="fr"?" :":":",c=`**${t===100?`${os(n,e,t)}–${os(u,e,t)}`:e.timeRange(n,u)}${l}**`;if(s===null)return`${c} ${a("bar_unknown")}.`;let p=i?"≈ ":"",m=r.fed!==null&&E(r.fed,$e(r.fed))>0?r.fed:0,h=[];(!m||E(s,1)>0)&&h.push(a("bar_drawn",{kw:p+e.kW(s)})),m&&h.push(a("bar_fed",{kw:p+e.kW(m)}));let y=h.join(", "),v=`${c} ${i?a("bar_heading",{kw:y}):y}.`;if(o!==null&&s>o){let b=p+Ou((s-o)/4,e),k=r.cost===null?".":`${l} ${p}${Wu(r.cost,e)}`;v+=` ${a("bar_above",{kwh:b,R:e.referenceKW(o)})}${k}`}return r.origin&&(v+=`${/[.]$/.test(v)?"":"."} ${a(r.origin==="platform"?"portal":"estimated")}`),v}function os(r,e,t){let n=e.time(r);if(t!==100)return n;let{hour:s}=ne(r),o=i=>ne(new Date(r.getTime()+i*_o)).hour===s;return o(1)?`${n} A`:o(-1)?`${n} B`:n}function Iu(r,e,t){let n=r.reduce((s,o)=>s+o,0);return e?.cost_above!=null&&e.above_wh>0&&n>0?r.length===e.quarter_hours_above?Lt(r.map(s=>s/n*e.cost_above),2,e.cost_above):r.map(s=>s*1e3*e.cost_above/e.above_wh):r.map(s=>t===null?null:s*t)}function Pu(r,e,t,n){let s=Date.parse(t)-Date.parse(e)>xm*24*_o;return zu(s?n.date(r):n.weekday(r))}function Hu(r,e,t){if(!r||r>e)return e;let n=yo(e,t);return r<n?n:r}function yo(r,e){let t=j(r,-vm);return e===void 0?r:e<t?t:e<r?e:r}function Ku(r,e){let t=Math.round((Date.parse(e)-Date.parse(r))/(24*_o)),n=j(e,-ss*Math.floor(t/ss));return Array.from({length:ss},(s,o)=>j(n,o-ss+1))}function Vu(r,e,t,n){let s=(n?void 0:e.quarter_hour)??void 0,o=s&&Date.parse(s.time)||Date.now(),i=D(new Date(o)),a=r.known_since?D(new Date(r.known_since)):void 0,u=Hu(t,i,a),l=z(u).getTime(),d=z(j(u,1)).getTime(),c=Au(l,d),p=u===i?Math.floor((o-l)/de):c;return{day:u,today:i,since:a,start:l,end:d,count:c,quarterHour:s,present:p}}function ju({quarterHour:r,present:e,count:t},n){if(!r||e<0||e>=t)return;let s=r.projected_kw??r.running_kw;if(typeof s!="number"||!(Math.abs(s)<=go))return;let o=n.values?.power_net,i=Math.max(0,(Date.parse(r.end)-Date.parse(r.time))/1e3)||0,a=typeof o=="number"?Math.max(0,-o)*i/900:0,u=r.exported_wh===null?0:B(r.exported_wh)+a;return{index:e,drawn:Math.max(0,s),fed:Math.max(0,u)||0,reference:r.reference_kw}}function Bu({day:r,since:e,start:t,count:n,quarterHour:s,present:o},i){let a=i.findIndex(({imported:d})=>d!==null),u=o-1,l=i[u]?.imported===null&&Date.parse(s?.last?.start??"")===t+u*de;return{begun:r!==e?0:a<0?n:a,ended:Math.max(0,Math.min(n,l?u:o)),known:i.filter(({imported:d})=>d!==null).length}}function Uu({start:r,end:e,measured_since:t}){let n=Date.parse(t)<=Date.parse(r);return new Date(Date.parse(e)+(n?0:de))}function Fu(r,e,t,n){let s=[...r.keys()].filter(i=>e!==null&&B(r[i].imported)>e),o=Iu(s.map(i=>(B(r[i].imported)-e)/4),t,n);return new Map(s.map((i,a)=>[i,o[a]??null]))}var bo={drawn:"var(--drawn)",excess:"var(--excess)",fed:"var(--fed-in)"},Gu=["drawn","excess","fed"],as=r=>r<420,us=r=>as(r)?224:272,Zu=7.4;function Qu(r,e,t,n,s,o,i,a,u){let l=Math.max(o,i,...r.flatMap(({imported:c,exported:p})=>[B(c),B(p)])),d=[`−${u.number(Math.min(l,1e9))}`,t===null?"0.0 kW":u.referenceKW(t)];return Cu({quarters:r,start:e,reference:t,begun:n,ended:s,room:{drawn:o,fed:i},width:a,height:us(a),isNarrow:as(a),tickWidth:Math.max(...d.map(c=>c.length))*Zu,hourWidth:u.time(new Date(e)).length*Zu})}function Yu(r,e,t,n){return yt([r,e,t.kw,t.until,n],()=>{let{left:s,right:o,bottom:i,ticks:a,hours:u,paths:l}=r,{kw:d}=t,c=Math.max(...a.map(m=>m.kw)),p=m=>d===null&&m===c?n.unit(m,"kW",r.tickDecimals):n.number(m,r.tickDecimals);return A`<defs>${Gu.map(m=>Mr(`hatched-${m}`,bo[m]))}</defs>
      ${a.map(m=>A`<path class=${m.kw===0?"axis":"grid"} d="M${s} ${m.y.toFixed(1)}H${o}"></path>
          <text x=${s-8} y=${m.y+4.5} text-anchor="end">${p(m.kw)}</text>`)}
      ${Gu.map(m=>A`<path d=${l[m].measured} fill=${bo[m]}></path>
          <path d=${l[m].estimated} fill="url(#hatched-${m})"></path>`)}
      <path class="gap" d=${r.gaps}></path>
      ${u.map(({index:m,x:h})=>A`<path class="grid" d="M${h} ${i}v4"></path>
          <text x=${h} y=${i+28} text-anchor="middle">${n.time(new Date(e+m*de))}</text>`)}
      <text x=${o} y=${i+28} text-anchor="end">${Mm(e,n)}</text>
      ${d===null?x:Sm(r,d,t.until===void 0?o:r.x(t.until),t.name,n)}`})}var Mm=(r,e)=>e.time(new Date(r)).replace(/^00/,"24");function Sm(r,e,t,n,s){let o=r.y(e),i=r.isNameRight&&t===r.right;return A`<path class="reference" d="M${r.left} ${o.toFixed(1)}H${t}"></path>
    <text class="strong" x=${r.left-8} y=${o+4.5} text-anchor="end">${s.referenceKW(e)}</text>
    <text class="plain" x=${i?t:r.left} y=${o-6} text-anchor=${i?"end":"start"}>${n}</text>`}function Ju(r,e,t,n,s){let o=r.y(e),i=`${n} ${s.referenceKW(e)}`;return A`<path class="reference" d="M${t} ${o.toFixed(1)}H${r.right}"></path>
    <text class="plain halo" x=${r.right} y=${(o-6).toFixed(1)} text-anchor="end">${i}</text>`}function Xu(r,{index:e,drawn:t,fed:n,reference:s},o){let{slot:i,barWidth:a}=r,u=r.x(e)+Math.max(0,i-a)/2,l=(p,m,h)=>{if(m===h)return x;let y=rs(u,a,r.y(m),r.y(h));return o?A`<path class="outline" d=${y} stroke=${bo[p]}></path>`:A`<path d=${y} fill="url(#hatched-${p})"></path>`},d=Math.min(t,s??t),c=r.x(e)+i/2;return A`${l("drawn",0,d)}${l("excess",d,t)}${l("fed",0,-n)}
    <path class="now" d="M${c} ${r.bottom+2}l5 9h-10z"></path>`}function el(r,{x:e,y:t,kw:n,isEstimated:s},o){let i=`${s?"≈ ":""}${o.kW(n)}`,a=i.length*3.8,u=Math.max(r.left+a,Math.min(r.right-a,e));return A`<text class="strong halo" x=${u.toFixed(1)} y=${(t-7).toFixed(1)} text-anchor="middle">${i}</text>`}function tl(r,e,t){let n=(r.x(e)+r.slot/2).toFixed(1),[s,o]=[r.y(Math.max(0,t)),r.y(Math.min(0,t))];return A`<path class="chosen" d="M${n} ${r.top-8}V${s.toFixed(1)}M${n} ${o.toFixed(1)}V${r.bottom}"></path>
    <circle class="chosen" cx=${n} cy=${r.y(t).toFixed(1)} r="4"></circle>`}var nl=O`
  .said {
    display: grid;
    min-height: 48px;
    margin: 4px 0 8px;
    text-align: center;
  }
  /* Room for what may come today: the cards below stay where they are. */
  .said.today {
    min-height: 72px;
  }
  /* A chosen bar is told in the place of the day: nothing moves. */
  .said > * {
    grid-area: 1 / 1;
  }
  .behind-chosen {
    visibility: hidden;
  }
  .behind th[scope="row"] {
    white-space: nowrap;
  }
  .turn {
    align-items: center;
    text-align: center;
  }
  svg.day {
    cursor: crosshair;
    border-radius: 8px;
    user-select: none;
    -webkit-user-select: none;
  }
  .grid {
    stroke: var(--divider-color);
  }
  .axis {
    stroke: var(--quiet);
  }
  .gap {
    fill: var(--quiet);
  }
  .reference {
    stroke: var(--primary-text-color);
    stroke-width: 2;
    stroke-dasharray: 2 2;
  }
  svg .strong {
    font-weight: 500;
    fill: var(--primary-text-color);
  }
  svg .plain {
    fill: var(--primary-text-color);
  }
  svg .halo {
    paint-order: stroke;
    stroke: var(--ground);
    stroke-width: 4px;
  }
  .outline {
    fill: none;
    stroke-width: 1;
  }
  .now {
    fill: var(--primary-text-color);
  }
  .chosen {
    stroke: var(--primary-text-color);
    fill: var(--ground);
    stroke-width: 1.5;
  }
  .week {
    display: grid;
    grid-template-columns: repeat(7, 1fr);
    margin-top: 4px;
  }
  .week button {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 4px;
    padding: 6px 0 4px;
    font-size: 13px;
    line-height: 18px;
    color: var(--quiet);
    min-width: 0;
    overflow-wrap: normal;
  }
  .week [aria-checked="true"] {
    background: var(--chosen);
    color: var(--primary-text-color);
    font-weight: 500;
  }
  .week svg {
    width: 32px;
    height: 36px;
  }
  @container (min-width: 420px) {
    .said,
    .said.today {
      min-height: 24px;
    }
    .week svg {
      width: 64px;
    }
  }
`;var wo=24,rl=36;function sl(r,e,t,n){let s=r.map(i=>e.find(a=>a.day===i)),o=Lu(s,wo,rl);return r.map((i,a)=>{let u=z(i),l={day:s[a],isToday:!1,hasSun:t,known:1,firstEnds:void 0,heading:null},d=`${n.weekday(u)}: ${me(is(l,n))}`,c=n.shortWeekday(u).replace(". "," ");return{day:i,label:c,description:d,isKnown:!!s[a],bar:o[a]}})}function ol(r,e,t,n){return e.filter(({isKnown:o})=>o).length<2?x:f`<div class="week" role="radiogroup" aria-label=${r} @keydown=${o=>{let i=e.filter(({isKnown:c})=>c),a=i.findIndex(({day:c})=>c===t),u={ArrowLeft:a-1,ArrowRight:a+1,Home:0,End:i.length-1}[o.key];if(u===void 0)return;o.preventDefault();let l=i[Math.max(0,Math.min(i.length-1,u))];if(!l)return;n(l.day),o.currentTarget.querySelector(`[data-day="${l.day}"]`)?.focus()}}>
    ${e.map(({day:o,label:i,description:a,isKnown:u,bar:l})=>f`<button
        role="radio"
        data-day=${o}
        aria-checked=${o===t}
        aria-label=${a}
        tabindex=${o===t?0:-1}
        ?disabled=${!u}
        @click=${()=>n(o)}
      >
        <svg viewBox="-4 0 ${wo+8} ${rl}" aria-hidden="true">
          ${A`<path d=${l.drawn} fill="var(--drawn)"></path><path d=${l.excess} fill="var(--excess)"></path>
            <path d=${l.fed} fill="var(--fed-in)"></path>
            <path class="axis" d="M-4 ${l.zero.toFixed(1)}h${wo+8}"></path>`}
        </svg>
        <span>${i}</span>
      </button>`)}
  </div>`}function il({quarters:r,begun:e,ended:t},n){let s=(a,u)=>{let l=r.filter(u).length;return l?[n.count(De,a,l)]:[]},o=s("gaps",({imported:a},u)=>a===null&&u<t&&u>=e),i=[...s("portal",({origin:a})=>a!==void 0),...s("estimated",({origin:a})=>a==="platform_estimated")];return[...o.map(a=>`● ${a}`),i.join(", ")].filter(Boolean)}function al({quarters:r,start:e,ended:t,reference:n,hasSun:s},o){let i=n===null?"":o.referenceKW(n),a=d=>o.text(De,d,{R:i}),u=n!==null,l=({imported:d,exported:c,origin:p},m)=>{let h=p==="platform_estimated"?"≈ ":"",y=S=>S===null?"–":h+o.number(B(S),1),v=B(d)-(n??0),b=os(new Date(e+m*de),o,r.length),k=v>0?h+o.number(v/4,2):"";return[b,y(d),...s?[y(c)]:[],...u?[k]:[]]};return{head:[a("time"),a("drawn_kw"),...s?[a("fed_kw")]:[],...u?[a("above_kwh")]:[]],rows:()=>r.slice(0,t).map(l)}}var Tm=32,on,bt,Ae,ar,Ee,ls,ds,cs,ms,hs,q,ul,ll,dl,nt,cl,ml,hl,pl,gl,sn=class extends P{constructor(){super(...arguments);w(this,q);w(this,on);w(this,bt);w(this,Ae,0);w(this,ar,"");w(this,Ee,new Te(this,()=>({count:g(this,Ae)+1,at:t=>_(this,q,pl).call(this,t),open:()=>g(this,Ee).choose(void 0)})));w(this,ls,oe(Eu));w(this,ds,oe(Qu));w(this,cs,oe(sl));w(this,ms,oe((t,n)=>Ku(t,n)));w(this,hs,oe(Fu))}getGridOptions(){return{columns:"full",min_columns:6,rows:"auto"}}getCardSize(){return 7}connectedCallback(){super.connectedCallback(),$(this,on,new ResizeObserver(()=>this.width=Math.max(0,this.clientWidth-Tm))),g(this,on).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,on)?.disconnect()}content(t,n){let{live:s}=n;if(!s)return this.waiting();let o=this.isOld(n),i=Vu(t,s,n.shown.day,o),{day:a,today:u,start:l,end:d,count:c}=i;a!==g(this,ar)&&(g(this,Ee).index=void 0),$(this,ar,a);let p=a===u,m={start:new Date(l).toISOString(),...p?{}:{end:new Date(d).toISOString()}},h=p?void 0:u,y=n.get("smarty_p1/quarter_hours",{...m,quantity:"imported"},h),v=t.feeds_in===!1?void 0:n.get("smarty_p1/quarter_hours",{...m,quantity:"exported"},h),b=g(this,ms).call(this,a,u),k=j(b.at(-1),1),S=n.get("smarty_p1/days",{start:b[0],end:k},k>u?void 0:u),R=t.feeds_in===!0||!!S.value?.days.some(H=>H.exported_wh),T=y.value&&S.value?_(this,q,ul).call(this,t,s,i,g(this,ls).call(this,l,c,y.value,v?.value),S.value.days,R):void 0,N=H=>n.show({day:H===u?void 0:H});return f`${_(this,q,ml).call(this,n,i)}
      ${T?_(this,q,ll).call(this,T,t.excess_price):_(this,q,cl).call(this,s.gone,y.error??S.error)}
      ${yt([b,a,S.value,R,this.locale],()=>S.value?ol(_(this,q,nt).call(this,"choose"),g(this,cs).call(this,b,S.value.days,R,this.locale),a,N):x)}
      ${T?_(this,q,dl).call(this,T,o?this.stamp(n):x):x}`}};on=new WeakMap,bt=new WeakMap,Ae=new WeakMap,ar=new WeakMap,Ee=new WeakMap,ls=new WeakMap,ds=new WeakMap,cs=new WeakMap,ms=new WeakMap,hs=new WeakMap,q=new WeakSet,ul=function(t,n,s,o,i,a){let{start:u,present:l,quarterHour:d}=s,c=i.find(R=>R.day===s.day),p=ju(s,n),m=s.day===s.today,h=(c?c.reference_kw:m?d?.reference_kw??t.reference_kw:null)??null,y=Bu(s,o),{begun:v,ended:b}=y;$(this,Ae,Math.max(0,p?l:b-1)),(g(this,Ee).index??0)>g(this,Ae)&&(g(this,Ee).index=g(this,Ae));let k=p?fo(Math.max(p.drawn,(p.reference??0)+.4)):0,S=g(this,ds).call(this,o,u,h,v,b,k,fo(p?.fed??0),this.width??0,this.locale);return $(this,bt,S),{shown:s,chart:S,quarters:o,day:c,reference:h,running:p,hasSun:a,...y}},ll=function(t,n){let{shown:s,quarters:o,day:i,reference:a,running:u,known:l,hasSun:d}=t,{quarterHour:c}=s,p=u&&u.reference!==null&&E(u.drawn,1)>u.reference,m=is({day:i,isToday:s.day===s.today,hasSun:d,known:l,firstEnds:c&&Uu(c),heading:p?u.drawn:null},this.locale),h=_(this,q,gl).call(this,t,g(this,hs).call(this,o,a,i,n),n);return f`<div class="said ${s.day===s.today?"today":""}">
        <div class=${h?"behind-chosen":""}>${this.sentence(m)}</div>
        ${h?f`<p>${ge(h)}</p>`:x}
      </div>
      ${_(this,q,hl).call(this,t,me(h||m))}`},dl=function(t,n){let{quarters:s,ended:o,reference:i,hasSun:a,shown:u}=t,l={...t,start:u.start};return f`<footer>
        <div class="small">${il(l,this.locale).map(d=>f`<div>${d}</div>`)} ${n}</div>
        ${this.tableButton()}
      </footer>
      ${yt([this.isTableShown,s,o,i,a,this.locale],()=>{let{head:d,rows:c}=al(l,this.locale);return this.table(_(this,q,nt).call(this,"chart"),d,c)})}`},nt=function(t){return this.text(De,t)},cl=function(t,n){let s=t||n==="not_loaded";return f`<div class="instead" style="min-height:${us(this.width??0)+60}px">
      ${s?f`<p class="small" role="status">${_(this,q,nt).call(this,"not_read")}</p>`:this.waiting(n)}
    </div>`},ml=function(t,{day:n,today:s,since:o,start:i}){let a=l=>()=>{let d=j(n,l);t.show({day:d>=s?void 0:d})},u=Pu(new Date(i),n,s,this.locale);return Sr(u,{earlier:_(this,q,nt).call(this,"earlier"),later:_(this,q,nt).call(this,"later")},{earlier:n>yo(s,o)?a(-1):void 0,later:n<s?a(1):void 0})},hl=function({shown:t,chart:n,quarters:s,reference:o,running:i},a){let u=this.width??0,l=us(u),d=_(this,q,nt).call(this,"reference"),c=g(this,Ee).index,p=i&&i.reference!==o?i.reference:null,m=i?.reference!=null&&i.drawn>i.reference?i.drawn:0,y=i&&m>(n.highest?.kw??0)?{x:n.x(i.index)+n.slot/2,y:n.y(m),kw:m,isEstimated:!0}:n.highest,v=()=>c===i?.index?i.drawn||-i.fed:B(s[c].imported)||-B(s[c].exported),{down:b,move:k,up:S,leave:R,key:T}=g(this,Ee);return f`<svg
      class="day"
      style="height:${l}px"
      viewBox="0 0 ${Math.max(1,u)} ${l}"
      tabindex="0"
      role="slider"
      aria-label=${_(this,q,nt).call(this,"chart")}
      aria-valuemin="0"
      aria-valuemax=${g(this,Ae)}
      aria-valuenow=${c??g(this,Ae)}
      aria-valuetext=${a}
      @pointerdown=${b}
      @pointermove=${k}
      @pointerup=${S}
      @pointercancel=${S}
      @pointerleave=${R}
      @keydown=${T}
    >
      ${Yu(n,t.start,{kw:o,until:p===null?void 0:i?.index,name:d},this.locale)}
      ${p===null||!i?x:Ju(n,p,n.x(i.index),d,this.locale)}
      ${i?Xu(n,i,as(u)):x}
      ${c!==void 0?tl(n,c,v()):y?el(n,y,this.locale):A``}
    </svg>`},pl=function(t){if(!g(this,bt)||!this.width)return;let n=Math.floor((t*this.width-g(this,bt).left)/g(this,bt).slot);return Math.max(0,Math.min(g(this,Ae),n))},gl=function({shown:t,quarters:n,reference:s,running:o},i,a){let u=g(this,Ee).index,l=u===void 0?void 0:n[u];if(u===void 0||!l)return"";let d=new Date(t.start+u*de),{imported:c,exported:p,origin:m}=l,h=u===o?.index?{...o,cost:a===null?null:(o.drawn-(o.reference??0))/4*a,origin:void 0,isRunning:!0}:{drawn:c===null?null:B(c),fed:p===null?null:B(p),reference:s,cost:i.get(u)??null,origin:m,isRunning:!1};return qu({start:d,...h},this.locale,t.count)},sn.styles=[F,nl],sn.properties={width:{state:!0}};var Ce=9e5,V=96,_l=864e5,G=-32768,Rm=500*V,Pe=250,fl=new WeakMap;function yl(r,e){let t=fl.get(r);t||fl.set(r,t={start:""});let n=D(new Date(r.live?.quarter_hour?.start??Date.now())).slice(0,7);n!==t.month&&Object.assign(t,{month:n,start:z(`${U(n,-12)}-01`).toISOString()});let s="smarty_p1/quarter_hours",o={quantity:"net",encoding:"base64"},{value:i,error:a}=r.get(s,{start:t.start,...o},`since ${e.known_since}`);if(!i)return{error:a};let{value:u}=r.get(s,{start:i.end,...o});return(!t.series||t.year!==i||t.tail!==u)&&Object.assign(t,{year:i,tail:u,series:Dm(i,u)}),{value:t.series}}function Dm(r,e){let t=Date.parse(r.start);if(Number.isNaN(t))return{start:0,values:new Int16Array};let n=[r,...e?[e]:[]].map(o=>({at:Math.round((Date.parse(o.start)-t)/Ce),rows:Am(o.values)})).filter(({at:o,rows:i})=>o>=0&&o+i.length<=Rm),s=new Int16Array(Math.max(0,...n.map(({at:o,rows:i})=>o+i.length))).fill(G);for(let{at:o,rows:i}of n)s.set(i,o);return{start:t,values:s}}function Am(r){if(typeof r!="string")return Int16Array.from(r??[],n=>n!==null&&Math.abs(n)<=32767?n:G);let e="";try{e=atob(r)}catch{return new Int16Array}let t=new Int16Array(e.length>>1);for(let n=0;n<t.length;n+=1)t[n]=e.charCodeAt(2*n)|e.charCodeAt(2*n+1)<<8;return t}function bl(r,e){let t=o=>{let{year:i,monthIndex:a,day:u,hour:l,minute:d}=ne(new Date(o));return Date.UTC(i,a,u,l,d)-Math.floor(o/6e4)*6e4},n=[[r,t(r)]],s=30*_l;for(let o=r;o<e;o+=s){let[i,a]=[o,Math.min(e,o+s)],u=t(a);if(u!==n.at(-1)[1]){for(;a-i>Ce;){let l=i+Math.ceil((a-i)/Ce/2)*Ce;t(l)===u?a=l:i=l}n.push([a,u])}}return n}function wl({start:r,values:e},t){let n=bl(r,r+e.length*Ce);for(let[s,[o,i]]of n.entries()){let a=Math.round((o-r)/Ce),u=n[s+1]?.[0],l=u===void 0?e.length:Math.round((u-r)/Ce);for(let d=a;d<l;d+=1)t(e[d],r+d*Ce+i)}}var vo=7;function vl(r){let e=r.start+bl(r.start,r.start)[0][1],t=Math.floor(e/_l)-vo,n=new Int16Array((Math.ceil(r.values.length/V)+vo+2)*V).fill(G),[s,o]=[-1,-1],i=!1;wl(r,(c,p)=>{if(c===G)return;let m=Math.floor(p/Ce)-t*V;s<0&&(s=m),m>o&&(o=m),c<0&&(i=!0),c>n[m]&&(n[m]=c)});let a=Math.floor(o/V),u=Math.min(Math.floor(s/V),a-vo+1),l=o<0?0:a-u+1,d=u*V;return{firstDay:t+u,days:l,cells:n.subarray(d,d+l*V),feedsIn:i,lastCell:o-d}}function xl(r,e){let t=[],n=e===void 0?Number.POSITIVE_INFINITY:e*Pe,s=Number.NEGATIVE_INFINITY,o;return wl(r,(i,a)=>{if(!o||a>=s){let u=new Date(a).toISOString().slice(0,7);s=Date.parse(`${U(u,1)}-01T00:00:00Z`);let l=(s-Date.parse(`${u}-01T00:00:00Z`))/Ce;o={month:u,known:0,of:l,highestWh:Number.NEGATIVE_INFINITY,highestLocal:0,above:0,aboveWh:0},t.push(o)}i!==G&&(o.known+=1,i>o.highestWh&&(o.highestWh=i,o.highestLocal=a),i>n&&(o.above+=1,o.aboveWh+=i-n))}),t.filter(({known:i})=>i>0)}var kl=864e5,an=7,ps=r=>.14+.76*Math.sqrt(Math.min(1,r/an)),xo=r=>.1+.28*Math.sqrt(Math.min(1,r/an)),Ml=xo(an/2);function Sl({drawn:r,fedIn:e,excess:t},n){let s=([u,l,d],c)=>new Uint32Array(new Uint8ClampedArray([u,l,d,255*c]).buffer)[0],o=new Uint32Array(65536),i=an*Pe;o.fill(s(e,xo(an)),1,-G-i),o.fill(s(r,ps(an)),i-G);let a=i/100;for(let u=0;u<i;u+=a){let l=(u+a/2)/Pe;o.fill(s(r,ps(l)),u-G,u+a-G),o.fill(s(e,xo(l)),-u-a+.5-G,-u+.5-G)}return n!==void 0&&o.fill(s(t,1),Math.floor(n*Pe)+1-G),o}function Tl({days:r,cells:e},t,n,s){let o=Math.min(r,Math.max(1,n)),[i,a]=s?[V,o]:[o,V],u=new Uint32Array(i*a);for(let l=0;l<o;l+=1){let d=Math.floor(l*r/o),c=Math.floor((l+1)*r/o);for(let p=0;p<V;p+=1){let m=G;for(let y=d;y<c;y+=1)m=Math.max(m,e[y*V+p]);let h=s?(o-1-l)*i+p:(V-1-p)*i+l;u[h]=t[m-G]}}return{width:i,height:a,pixels:u}}var wt,un,ln=class{constructor({days:e},t){w(this,wt);w(this,un);this.count=e*V,this.column=t?e:V,$(this,wt,e),$(this,un,t)}cell(e){return g(this,un)?e%g(this,wt)*V+Math.floor(e/g(this,wt)):e}chosen(e){return g(this,un)?e%V*g(this,wt)+Math.floor(e/V):e}at(e,t){let n=this.count/this.column;return $l(Math.floor(e*n),n)*this.column+$l(Math.floor((1-t)*this.column),this.column)}middle(e){return[(Math.floor(e/this.column)+.5)*this.column/this.count,1-(e%this.column+.5)/this.column]}};wt=new WeakMap,un=new WeakMap;var $l=(r,e)=>Math.max(0,Math.min(e-1,r)),Em=62;function Rl({firstDay:r,days:e},t,n){let s=e>Em,o=d=>d*t/e,i=Math.max(1,Math.ceil(n.day/o(1))),a=[];for(let d=0;d<e;d+=1)(s?d===0||new Date((r+d)*kl).getUTCDate()===1:(e-1-d)%i===0)&&a.push(d);let u=s?Math.max(1,Math.ceil(n.month/o(28))):1,l=a.filter((d,c)=>c%u===0&&(!s||o((a[c+u]??e)-d)>=n.month)).map(d=>({at:d/e,day:(r+d+.5)*kl}));return{isMonths:s,ticks:l}}var Dl={en:{name:"Smarty: year",description:"Every quarter-hour of a year, and what each reference power would have cost",title:"A year of quarter-hours",months_one:"{count} month",months_other:"{count} months",right:"**{own} is right.**",more_more:"In {months} {one} would have cost {more} more, {two} {two_more} more.",more_same:"In {months} {one} would have cost {more} more, {two} about the same.",more:"In {months} {one} would have cost {more} more.",same_same:"In {months} {one} and {two} would have cost about the same.",same:"In {months} {one} would have cost about the same.",other_less:"**{other} would have saved {less}** in {months}.",other_more:"**{other} would have cost {more} more** in {months} than {reference}.",other_same:"**{other} would have cost about the same** in {months} as {reference}.",your:"your {kw}",cheapest:"**{best} would have been the cheapest** in {months}: {cost}.",unpriced:"What the classes would have cost is not known: prices are missing.",begins:"**The classes are compared from {day} on,** when the first whole month is known.",so_far:"so far",in:"in {months}",above_one:"{count} quarter-hour above {R} {period}: {share} of the time, {kWh}.",above_other:"{count} quarter-hours above {R} {period}: {share} of the time, {kWh}.",above_rare_one:"{count} quarter-hour above {R} {period}: {kWh}.",above_rare_other:"{count} quarter-hours above {R} {period}: {kWh}.",above_energy:"{kWh} above {R} {period}.",above_none:"No quarter-hour above {R} {period}.",map:"Quarter-hours of a year",fed_in:"fed in",above:"above {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} fed in",unknown_at:"{day}, {time}: not known",open:"Show this day",classes:"Reference power",caption_one:"{count} month, at {year} prices, with VAT",caption_other:"{count} months, at {year} prices, with VAT",fixed:"fixed",surcharge:"surcharge",yours:"yours",about_the_same:"about the same",enter_reference:"Enter your reference power",month:"Month",highest:"Highest",count_above:"Above {R}",kwh_above:"kWh above"},de:{name:"Smarty: Jahr",description:"Jede Viertelstunde eines Jahres, und was jede Referenzleistung gekostet hätte",title:"Ein Jahr in Viertelstunden",months_one:"{count} Monat",months_other:"{count} Monaten",right:"**{own} sind richtig.**",more_more:"In {months} hätten {one} {more} mehr gekostet, {two} {two_more} mehr.",more_same:"In {months} hätten {one} {more} mehr gekostet, {two} etwa gleich viel.",more:"In {months} hätten {one} {more} mehr gekostet.",same_same:"In {months} hätten {one} und {two} etwa gleich viel gekostet.",same:"In {months} hätten {one} etwa gleich viel gekostet.",other_less:"**{other} hätten** in {months} **{less} gespart**.",other_more:"**{other} hätten {more} mehr gekostet** in {months} als {reference}.",other_same:"**{other} hätten etwa gleich viel gekostet** in {months} wie {reference}.",your:"deine {kw}",cheapest:"**{best} wären am günstigsten gewesen** in {months}: {cost}.",unpriced:"Was die Klassen gekostet hätten, ist nicht bekannt: Preise fehlen.",begins:"**Ab dem {day} werden die Klassen verglichen:** dann ist der erste ganze Monat bekannt.",so_far:"bisher",in:"in {months}",above_one:"{count} Viertelstunde über {R} {period}: {share} der Zeit, {kWh}.",above_other:"{count} Viertelstunden über {R} {period}: {share} der Zeit, {kWh}.",above_rare_one:"{count} Viertelstunde über {R} {period}: {kWh}.",above_rare_other:"{count} Viertelstunden über {R} {period}: {kWh}.",above_energy:"{kWh} über {R} {period}.",above_none:"Keine Viertelstunde über {R} {period}.",map:"Viertelstunden eines Jahres",fed_in:"eingespeist",above:"über {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} eingespeist",unknown_at:"{day}, {time}: nicht bekannt",open:"Diesen Tag zeigen",classes:"Referenzleistung",caption_one:"{count} Monat, zu Preisen von {year}, mit MwSt.",caption_other:"{count} Monate, zu Preisen von {year}, mit MwSt.",fixed:"fest",surcharge:"Zuschlag",yours:"deine",about_the_same:"etwa gleich",enter_reference:"Deine Referenzleistung eingeben",month:"Monat",highest:"Höchste",count_above:"Über {R}",kwh_above:"kWh darüber"},fr:{name:"Smarty : année",description:"Chaque quart d'heure d'une année, et ce que chaque puissance de référence aurait coûté",title:"Une année de quarts d'heure",months_one:"{count} mois",months_other:"{count} mois",right:"**{own} est le bon choix.**",more_more:"Sur {months}, {one} aurait coûté {more} de plus, {two} {two_more} de plus.",more_same:"Sur {months}, {one} aurait coûté {more} de plus, {two} à peu près autant.",more:"Sur {months}, {one} aurait coûté {more} de plus.",same_same:"Sur {months}, {one} et {two} auraient coûté à peu près autant.",same:"Sur {months}, {one} aurait coûté à peu près autant.",other_less:"**{other} aurait économisé {less}** sur {months}.",other_more:"**{other} aurait coûté {more} de plus** sur {months} que {reference}.",other_same:"**{other} aurait coûté à peu près autant** sur {months} que {reference}.",your:"vos {kw}",cheapest:"**{best} aurait été le moins cher** sur {months} : {cost}.",unpriced:"Ce que les classes auraient coûté n'est pas connu : des prix manquent.",begins:"**Les classes sont comparées à partir du {day},** quand le premier mois entier est connu.",so_far:"jusqu'ici",in:"sur {months}",above_one:"{count} quart d'heure au-dessus de {R} {period} : {share} du temps, {kWh}.",above_other:"{count} quarts d'heure au-dessus de {R} {period} : {share} du temps, {kWh}.",above_rare_one:"{count} quart d'heure au-dessus de {R} {period} : {kWh}.",above_rare_other:"{count} quarts d'heure au-dessus de {R} {period} : {kWh}.",above_energy:"{kWh} au-dessus de {R} {period}.",above_none:"Aucun quart d'heure au-dessus de {R} {period}.",map:"Quarts d'heure d'une année",fed_in:"injecté",above:"au-dessus de {R}",drawn_at:"{day}, {time} : {power}",fed_in_at:"{day}, {time} : {power} injectés",unknown_at:"{day}, {time} : inconnu",open:"Afficher ce jour",classes:"Puissance de référence",caption_one:"{count} mois, aux prix {year}, TTC",caption_other:"{count} mois, aux prix {year}, TTC",fixed:"fixe",surcharge:"dépassement",yours:"la vôtre",about_the_same:"à peu près autant",enter_reference:"Saisir votre puissance de référence",month:"Mois",highest:"Maximum",count_above:"Au-dessus de {R}",kwh_above:"kWh au-dessus"},lb:{name:"Smarty: Joer",description:"All Véierelstonn vun engem Joer, a wat all Referenzleeschtung kascht hätt",title:"E Joer a Véierelstonnen",months_one:"{count} Mount",months_other:"{count} Méint",right:"**{own} ass richteg.**",more_more:"Op {months} hätt {one} {more} méi kascht, {two} {two_more} méi.",more_same:"Op {months} hätt {one} {more} méi kascht, {two} ongeféier d'selwecht.",more:"Op {months} hätt {one} {more} méi kascht.",same_same:"Op {months} hätten {one} an {two} ongeféier d'selwecht kascht.",same:"Op {months} hätt {one} ongeféier d'selwecht kascht.",other_less:"**{other} hätt {less} gespuert** op {months}.",other_more:"**{other} hätt {more} méi kascht** op {months} wéi {reference}.",other_same:"**{other} hätt ongeféier d'selwecht kascht** op {months} wéi {reference}.",your:"Är {kw}",cheapest:"**{best} wier am bëllegste gewiescht** op {months}: {cost}.",unpriced:"Wat d'Klassen kascht hätten, ass net bekannt: et feele Präisser.",begins:"**Vum {day} u ginn d'Klasse verglach:** dann ass den éischte ganze Mount bekannt.",so_far:"bis elo",in:"op {months}",above_one:"{count} Véierelstonn iwwer {R} {period}: {share} vun der Zäit, {kWh}.",above_other:"{count} Véierelstonnen iwwer {R} {period}: {share} vun der Zäit, {kWh}.",above_rare_one:"{count} Véierelstonn iwwer {R} {period}: {kWh}.",above_rare_other:"{count} Véierelstonnen iwwer {R} {period}: {kWh}.",above_energy:"{kWh} iwwer {R} {period}.",above_none:"Keng Véierelstonn iwwer {R} {period}.",map:"Véierelstonne vun engem Joer",fed_in:"agespeist",above:"iwwer {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} agespeist",unknown_at:"{day}, {time}: net bekannt",open:"Dësen Dag weisen",classes:"Referenzleeschtung",caption_one:"{count} Mount, zu Präisser vun {year}, mat TVA",caption_other:"{count} Méint, zu Präisser vun {year}, mat TVA",fixed:"fix",surcharge:"Zouschlag",yours:"Är",about_the_same:"ongeféier d'selwecht",enter_reference:"Är Referenzleeschtung aginn",month:"Mount",highest:"Héchst",count_above:"Iwwer {R}",kwh_above:"kWh driwwer"},pt:{name:"Smarty: ano",description:"Cada quarto de hora de um ano, e o que cada potência de referência teria custado",title:"Um ano em quartos de hora",months_one:"{count} mês",months_other:"{count} meses",right:"**{own} é a escolha certa.**",more_more:"Em {months}, {one} teria custado mais {more}, {two} mais {two_more}.",more_same:"Em {months}, {one} teria custado mais {more}, {two} quase o mesmo.",more:"Em {months}, {one} teria custado mais {more}.",same_same:"Em {months}, {one} e {two} teriam custado quase o mesmo.",same:"Em {months}, {one} teria custado quase o mesmo.",other_less:"**{other} teria poupado {less}** em {months}.",other_more:"**{other} teria custado mais {more}** em {months} do que {reference}.",other_same:"**{other} teria custado quase o mesmo** em {months} que {reference}.",your:"os seus {kw}",cheapest:"**{best} teria sido o mais barato** em {months}: {cost}.",unpriced:"Não se sabe quanto as classes teriam custado: faltam preços.",begins:"**As classes são comparadas a partir de {day},** quando o primeiro mês completo for conhecido.",so_far:"até agora",in:"em {months}",above_one:"{count} quarto de hora acima de {R} {period}: {share} do tempo, {kWh}.",above_other:"{count} quartos de hora acima de {R} {period}: {share} do tempo, {kWh}.",above_rare_one:"{count} quarto de hora acima de {R} {period}: {kWh}.",above_rare_other:"{count} quartos de hora acima de {R} {period}: {kWh}.",above_energy:"{kWh} acima de {R} {period}.",above_none:"Nenhum quarto de hora acima de {R} {period}.",map:"Quartos de hora de um ano",fed_in:"injetado",above:"acima de {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} injetados",unknown_at:"{day}, {time}: desconhecido",open:"Mostrar este dia",classes:"Potência de referência",caption_one:"{count} mês, a preços de {year}, com IVA",caption_other:"{count} meses, a preços de {year}, com IVA",fixed:"fixo",surcharge:"ultrapassagem",yours:"a sua",about_the_same:"quase o mesmo",enter_reference:"Introduzir a sua potência de referência",month:"Mês",highest:"Máximo",count_above:"Acima de {R}",kwh_above:"kWh acima"}};var W=Dl,ur=5,Lm=6;function Al(r){let{reference_kw:e,vat_rate:t,totals:n,decisive:s}=r,o=r.months.filter(({month:h})=>s.includes(h));if(!o.length)return[];let i=(h,y)=>{let v=o.map(b=>b.classes[h]?.[y]);return v.every(b=>typeof b=="number")?v.reduce((b,k)=>b+k,0):null},a=h=>typeof h=="number"?h*(1+t):null,u=Object.keys(n).filter(h=>Number.isFinite(Number(h))).sort((h,y)=>Number(h)-Number(y)).map(h=>({kw:Number(h),fixed:a(i(h,"fixed")),surcharge:a(i(h,"surcharge")),total:Nm(a(n[h])),aboveKWh:i(h,"excess_kwh"),isOwn:Number(h)===e})),l=u.findIndex(({aboveKWh:h})=>h!==null&&E(h,3)===0),d=l<0?u.length-1:Math.max(1,l),c=u.filter(({isOwn:h},y)=>y<=d||h);e!==null&&!c.some(({isOwn:h})=>h)&&(c.push({kw:e,fixed:null,surcharge:null,total:null,aboveKWh:null,isOwn:!0}),c.sort((h,y)=>h.kw-y.kw));let p=gs(c);for(;c.length>Lm;){let y=c.filter(v=>!v.isOwn&&v!==p).reduce((v,b)=>(b.total??Number.POSITIVE_INFINITY)>=(v.total??Number.POSITIVE_INFINITY)?b:v);c.splice(c.indexOf(y),1)}let m=c.find(({isOwn:h,total:y})=>h&&y!==null)??p;return c.map(h=>({...h,difference:h===m||h.total===null?null:h.total-m.total}))}var Nm=r=>r===null?null:E(r);function gs(r){return r.filter(({total:e})=>e!==null).reduce((e,t)=>e&&e.total<=t.total?e:t,void 0)}var El=(r,e)=>e.count(W,"months",r);function Cl(r,e,t,n){let s=(h,y={})=>n.text(W,h,{months:i,...y}),o=h=>n.referenceKW(h.kw),i=El(t,n),a=gs(r);if(!a)return s("unpriced");let u=r.find(({isOwn:h,total:y})=>h&&y!==null),l=u??a,d=r.find(h=>h.kw===e&&h!==l&&h.total!==null),c=u?s("your",{kw:o(u)}):o(a);if(d){let h=d.total-l.total;return Math.abs(h)<ur?s("other_same",{other:o(d),reference:c}):h>0?s("other_more",{other:o(d),more:n.euros(h),reference:c}):s("other_less",{other:o(d),less:n.euros(-h)})}if(u&&u.total-a.total>=ur)return s("other_less",{other:o(a),less:n.euros(u.total-a.total)});let p=u?s("right",{own:o(u)}):s("cheapest",{best:o(a),cost:n.euros(a.total)}),m=u?zm(r,u,n,i):"";return m?`${p} ${m}`:p}function zm(r,e,t,n){let s=(h,y)=>t.text(W,h,{months:n,...y}),o=r.indexOf(e),i=[r[o+1],r[o-1]].filter(h=>h!==void 0&&h.total!==null),a=i.filter(h=>h.total-e.total>=ur),u=i.filter(h=>!a.includes(h)),l=h=>t.referenceKW(h.kw),d=h=>t.euros(h.total-e.total),[c,p]=[...a,...u];if(!c)return"";let m={one:l(c),more:a.length?d(c):"",...p&&{two:l(p),two_more:d(p)}};return a.length===2?s("more_more",m):a.length===1?s(u.length?"more_same":"more",m):s(u.length===2?"same_same":"same",m)}function Ll(r,e,t,n){let s=t===void 0?n.text(W,"so_far"):n.text(W,"in",{months:El(t,n)}),o={R:n.referenceKW(r),period:s,share:n.percent(e.share,1),kWh:n.kWh(e.kWh,E(e.kWh)<10?1:0)};return!e.count&&E(e.kWh,1)===0?n.text(W,"above_none",o):e.count?n.count(W,E(e.share,3)===0?"above_rare":"above",e.count,o):n.text(W,"above_energy",o)}function Nl(r,e){let t=D(e),s=(r===null||Number.isNaN(Date.parse(r))?t:D(new Date(r)))<=`${t.slice(0,7)}-01`;return`${U(t.slice(0,7),s?1:2)}-01`}function zl(r,e){let t=o=>e.monthYear(z(`${o}-15`)),[n,s]=[r[0],r.at(-1)];return!n||!s?"":n===s?t(n):`${t(n)} – ${t(s)}`}var Ol=O`
  .classes {
    display: grid;
    gap: 0;
    margin: 0 -8px;
  }
  .classes button {
    display: grid;
    grid-template-columns: 20px 64px 1fr 64px 76px;
    gap: 8px;
    align-items: center;
    width: 100%;
    padding: 0 8px;
    text-align: start;
  }
  .classes [aria-checked="true"] {
    background: var(--chosen);
    font-weight: 500;
  }
  .classes [aria-checked="true"] small {
    color: var(--primary-text-color);
    font-weight: 400;
  }
  .classes small {
    text-align: end;
  }
  .radio {
    box-sizing: border-box;
    width: 20px;
    height: 20px;
    border: 2px solid var(--quiet);
    border-radius: 50%;
    padding: 3px;
  }
  [aria-checked="true"] .radio {
    border-color: var(--primary-text-color);
    background: var(--primary-text-color) content-box;
  }
  .cost {
    display: flex;
    gap: 2px;
    height: 20px;
  }
  .cost i {
    flex: none;
    min-width: 2px;
  }
  .narrow .classes button {
    grid-template-columns: 20px 56px 1fr 58px 64px;
    gap: 6px;
  }
`;function Wl(r,e,t,n){let s=Math.max(1,...r.map(({fixed:u,surcharge:l})=>(u??0)+Math.max(0,l??0))),o=r.findIndex(({kw:u})=>u===e),i=u=>{let l={ArrowDown:1,ArrowRight:1,ArrowUp:-1,ArrowLeft:-1}[u.key];if(!l)return;u.preventDefault();let d=(Math.max(0,o)+l+r.length)%r.length;n(r[d].kw),u.currentTarget.querySelectorAll("button")[d]?.focus()},a=(u,l)=>u!==null&&u>0?f`<i style="width:${100*u/s}%;background:var(${l})"></i>`:x;return f`<div class="classes" role="radiogroup" aria-label=${t.text(W,"classes")} @keydown=${i}>
    ${r.map((u,l)=>f`<button
        role="radio"
        aria-checked=${l===o}
        tabindex=${l===Math.max(0,o)?0:-1}
        @click=${()=>n(u.kw)}
      >
        <span class="radio"></span>
        <span>${t.referenceKW(u.kw)}</span>
        <span class="cost" aria-hidden="true">${a(u.fixed,"--drawn")}${a(u.surcharge,"--excess")}</span>
        <span class="number">${u.total===null?"–":t.euros(u.total)}</span>
        <small>${Om(u,t)}</small>
      </button>`)}
  </div>`}function Om({isOwn:r,difference:e},t){return r?t.text(W,"yours"):e===null?"":Math.abs(e)<ur?t.text(W,"about_the_same"):`${t.signed(e)} €`}var dn,vt,lr,fs=class{constructor(){w(this,dn);w(this,vt);w(this,lr,[])}readColors(e){let t=getComputedStyle(e),n=document.createElement("canvas");n.width=n.height=1;let s=n.getContext("2d",{willReadFrequently:!0});if(!s)return;let o=(a,u)=>{s.clearRect(0,0,1,1),s.fillStyle=u,s.fillStyle=t.getPropertyValue(a).trim(),s.fillRect(0,0,1,1);let[l=0,d=0,c=0]=s.getImageData(0,0,1,1).data;return[l,d,c]},i={drawn:o("--drawn","#488fc2"),fedIn:o("--fed-in","#8353d1"),excess:o("--excess","#db4437")};JSON.stringify(i)!==JSON.stringify(g(this,dn))&&$(this,dn,i)}paint(e,{grid:t,kw:n,width:s,height:o,isTurned:i}){let a=g(this,dn),[u,l]=[s,o].map(b=>Math.round(b*(devicePixelRatio||1)));if(!a||!t.days||u<1||l<1)return;let d=[e,t,a,n,u,l,i];if(d.every((b,k)=>b===g(this,lr)[k]))return;$(this,lr,d),(g(this,vt)?.colors!==a||g(this,vt).kw!==n)&&$(this,vt,{colors:a,kw:n,entries:Sl(a,n)});let{width:c,height:p,pixels:m}=Tl(t,g(this,vt).entries,i?l:u,i),h=document.createElement("canvas");h.width=c,h.height=p;let y=new ImageData(new Uint8ClampedArray(m.buffer),c,p);h.getContext("2d")?.putImageData(y,0,0),e.width=u,e.height=l;let v=e.getContext("2d");v&&(v.imageSmoothingEnabled=!1,v.drawImage(h,0,0,u,l))}};dn=new WeakMap,vt=new WeakMap,lr=new WeakMap;var xt=864e5,Wm=200,qm=[168,456],Im=14,Pm={day:64,month:36},Hm={day:20,month:18},Km=[.2,1,3,7],Il=O`
  .map {
    display: grid;
    grid-template: "hours field" auto "none days" 22px / var(--axis) 1fr;
    margin-top: 12px;
  }
  .narrow .map {
    grid-template: "none hours" 22px "days field" auto / var(--axis) 1fr;
  }
  .hours,
  .days,
  .field {
    position: relative;
  }
  .hours {
    grid-area: hours;
  }
  .days {
    grid-area: days;
  }
  .field {
    grid-area: field;
    height: var(--height);
  }
  .hours small,
  .days small {
    position: absolute;
    white-space: nowrap;
  }
  .days small {
    border-inline-start: 1px solid var(--divider-color);
    padding: 4px 0 0 4px;
  }
  .narrow .days small {
    box-sizing: border-box;
    width: calc(100% - 4px);
    border: 0;
    border-bottom: 1px solid var(--divider-color);
    padding: 0;
    transform: translateY(-100%);
  }
  .field canvas {
    height: 100%;
    cursor: crosshair;
  }
  .mark {
    position: absolute;
    width: 8px;
    height: 8px;
    margin: -6px;
    border: 2px solid var(--primary-text-color);
    outline: 1px solid var(--ground);
    pointer-events: none;
  }
  .read {
    position: absolute;
    padding: 0 12px;
    min-height: 44px;
    white-space: nowrap;
    font-size: 13px;
    background: var(--ground);
    border: 1px solid var(--divider-color);
    box-shadow: 0 1px 4px rgb(0 0 0 / 30%);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    margin-top: 8px;
  }
  .legend span {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    white-space: nowrap;
  }
  .legend i {
    width: 12px;
    height: 12px;
  }
`;function Pl({days:r},e,t,n){let s=t?50:ko(0,n).length>5?64:44,[o,i]=qm,a=t?Math.max(o,Math.min(i,r*Im)):Wm;return{isTurned:t,axis:s,height:a,width:Math.max(0,e-s)}}var ko=(r,e)=>e.time(new Date(Date.UTC(2026,0,15,0,r*15)-36e5)),Hl=(r,{firstDay:e})=>new Date((e+Math.floor(r/V))*xt).toISOString().slice(0,10);function $o(r,e,t){let n=new Date(Math.floor(r/xt)*xt+xt/2),s=n.getUTCFullYear()===new Date(e*xt).getUTCFullYear(),o=ko(Math.floor(r%xt/9e5),t);return{day:s?t.shortDay(n):t.date(n),time:o}}function ql(r,e,t){let n=e.cells[r]??G,s=e.firstDay*xt+r*9e5,o=$o(s,e.firstDay+e.days-1,t);return n===G?t.text(W,"unknown_at",o):t.text(W,n<0?"fed_in_at":"drawn_at",{...o,power:t.kW(Math.abs(n)/Pe)})}function Kl(r,{isTurned:e,width:t,height:n,axis:s},o,i,a,u,l){let d=new ln(r,e),{isMonths:c,ticks:p}=Rl(r,e?n:t,e?Hm:Pm),m=v=>c?l.shortMonth(new Date(v)):l.shortDay(new Date(v)),h=i.index===void 0?void 0:d.cell(i.index),y=v=>{i.index===void 0&&(v.key.startsWith("Arrow")||v.key==="End")||v.key==="End"?(v.preventDefault(),i.choose(d.chosen(r.lastCell))):i.key(v)};return f`<div class="map" style="--axis:${s}px;--height:${n}px">
      <div class="hours" aria-hidden="true">${[0,1,2,3,4].map(v=>Vm(v,e,l))}</div>
      <div class="field">
        <div
          class="touch"
          role="application"
          tabindex="0"
          aria-label=${a}
          style="height:100%"
          @pointerdown=${i.down}
          @pointermove=${i.move}
          @pointerup=${i.up}
          @pointercancel=${i.up}
          @pointerleave=${i.leave}
          @keydown=${y}
        >
          <canvas aria-hidden="true"></canvas>
        </div>
        ${h===void 0?x:jm(d.middle(i.index),ql(h,r,l),()=>u(h),l)}
      </div>
      <div class="days" aria-hidden="true">
        ${p.map(({at:v,day:b})=>f`<small style="${e?`top:${100*(1-v)}%`:`left:${100*v}%`}">${m(b)}</small>`)}
      </div>
    </div>
    <span class="hidden" aria-live="polite">${h===void 0?"":ql(h,r,l)}</span>
    ${Bm(r,o,l)}`}function Vm(r,e,t){let n=r/4,s=e?`left:${100*n}%;transform:translateX(-${100*n}%)`:`right:8px;bottom:${100*n}%;transform:translateY(${100*n}%)`;return f`<small style=${s}>${ko(r*24,t)}</small>`}function jm([r,e],t,n,s){let o=`left:${100*r}%;transform:translateX(-${100*r}%);${e<.5?"bottom":"top"}:4px`;return f`<i class="mark" style="left:${100*r}%;top:${100*e}%"></i>
    <button class="read" style=${o} title=${s.text(W,"open")} @click=${n}>${t} ›</button>`}function Bm({feedsIn:r},e,t){let n=(s,o,i)=>f`<span><i style="background:var(${s});opacity:${o}"></i>${i}</span>`;return f`<small class="legend">
    <span>kW</span>
    ${r?n("--fed-in",Ml,t.text(W,"fed_in")):x}
    ${Km.filter(s=>s<=(e??7)).map(s=>n("--drawn",ps(s),t.number(s,s<1?1:0)))}
    ${e===void 0?x:n("--excess",1,t.text(W,"above",{R:t.referenceKW(e)}))}
  </small>`}var Um=420,Fm=32,Gm=.99,dr,mn,He,hn,Ke,cr,ye,mr,J,Vl,jl,Bl,Ul,Fl,Gl,Zl,cn=class extends P{constructor(){super(...arguments);w(this,J);w(this,dr,new fs);w(this,mn,new Te(this,()=>{let{grid:t,isTurned:n}=g(this,He),s=new ln(t,n);return{count:s.count,column:s.column,at:(o,i)=>s.at(o,i),middle:o=>s.middle(o),open:o=>{var i;return(i=g(this,hn))==null?void 0:i.call(this,s.cell(o))}}}));w(this,He);w(this,hn);w(this,Ke,0);w(this,cr,null);w(this,ye);w(this,mr,new ResizeObserver(([t])=>{!t||t.contentRect.width===g(this,Ke)||($(this,Ke,t.contentRect.width),this.requestUpdate())}))}getGridOptions(){return{columns:"full",min_columns:6,rows:"auto"}}getCardSize(){return 10}connectedCallback(){super.connectedCallback(),g(this,mr).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,mr).disconnect()}content(t,n){let{value:s,error:o}=yl(n,t),i=n.get("smarty_p1/classes",{});g(this,Ke)||$(this,Ke,this.offsetWidth);let a=[s,o,i.value,i.error,t,this.locale,this.chosenKw,g(this,mn).index,g(this,Ke),this.isTableShown];return f`<h2>${this.text(W,"title")}</h2>
      ${yt(a,()=>s?_(this,J,Vl).call(this,s,i,t,n):this.waiting(o))}`}updated(){let t=this.renderRoot.querySelector("canvas");if(!t||!g(this,He))return;let n=()=>g(this,He)&&g(this,dr).paint(t,g(this,He));if(this.hass?.themes===g(this,cr))return void n();$(this,cr,this.hass?.themes),requestAnimationFrame(()=>{g(this,dr).readColors(this),n()})}};dr=new WeakMap,mn=new WeakMap,He=new WeakMap,hn=new WeakMap,Ke=new WeakMap,cr=new WeakMap,ye=new WeakMap,mr=new WeakMap,J=new WeakSet,Vl=function(t,{value:n,error:s},o,i){g(this,ye)?.series!==t&&$(this,ye,{series:t,grid:vl(t)});let{grid:a}=g(this,ye);if(!a.days)return this.waiting("nothing_counted");let u=n?Al(n):[],l=(n??o).reference_kw??void 0,d=u.some(b=>b.kw===this.chosenKw)?this.chosenKw:l??gs(u)?.kw;(!g(this,ye).months||g(this,ye).kw!==d)&&Object.assign(g(this,ye),{kw:d,months:xl(t,d)});let c=u.length?n.decisive:void 0,p=_(this,J,Bl).call(this,d,u,c),m=g(this,Ke)<Um,h=Pl(a,g(this,Ke)-Fm,m,this.locale),{grid:y,isTurned:v}=g(this,He)??{};return y&&(y.firstDay!==a.firstDay||y.days!==a.days||v!==m)&&(g(this,mn).index=void 0),$(this,He,{grid:a,kw:d,isTurned:m,width:h.width,height:h.height}),$(this,hn,b=>_(this,J,Zl).call(this,i,Hl(b,a))),f`<div class=${m?"narrow":"wide"}>
      ${_(this,J,jl).call(this,u,d,c,o,!!n,s)}
      ${p?f`<p class="quiet">${ge(p)}</p>`:x}
      ${Kl(a,h,d,g(this,mn),me(`${this.text(W,"map")}. ${p}`),g(this,hn),this.locale)}
      ${u.length?_(this,J,Ul).call(this,u,d,n):x}
      <footer>${l===void 0&&n?_(this,J,Fl).call(this,o):x}${this.tableButton()}</footer>
      ${_(this,J,Gl).call(this,d,n)}
    </div>`},jl=function(t,n,s,o,i,a){if(s)return this.sentence(Cl(t,n,s.length,this.locale));if(!i)return this.waiting(a);let u=this.locale.day(z(Nl(o.known_since,new Date)));return this.sentence(this.text(W,"begins",{day:u}))},Bl=function(t,n,s){if(t===void 0)return"";let o=g(this,ye).months.filter(({month:l})=>!s||s.includes(l)),i=l=>o.reduce((d,c)=>d+c[l],0),a=!s||o.length===s.length&&i("known")>=Gm*i("of"),u=n.find(l=>l.kw===t)?.aboveKWh??i("aboveWh")/1e3;return Ll(t,{count:a?i("above"):null,share:i("above")/i("known"),kWh:u},s?.length,this.locale)},Ul=function(t,n,{decisive:s}){let o=ne(new Date).year,i=this.locale.count(W,"caption",s.length,{year:o}),a=(u,l)=>f`<span class="key"><i class="dot" style="background:var(${u})"></i>${this.text(W,l)}</span>`;return f`<small class="caption"><span>${i}</span><span>${zl(s,this.locale)}</span><span>${a("--drawn","fixed")} ${a("--excess","surcharge")}</span></small>
      ${Wl(t,n,this.locale,u=>this.chosenKw=u)}`},Fl=function(t){if(!this.hass?.user?.is_admin)return x;let n=`/config/integrations/integration/smarty_p1#config_entry=${t.entry_id}`;return this.link(n,this.text(W,"enter_reference"))},Gl=function(t,n){let s=d=>this.text(W,d,t===void 0?{}:{R:this.locale.referenceKW(t)}),{grid:o,months:i}=g(this,ye),a=o.firstDay+o.days-1,u=d=>{let c={...$o(d.highestLocal,a,this.locale),power:this.locale.kW(d.highestWh/Pe)},p=n?.months.find(({month:h})=>h===d.month)?.classes[String(t)]?.excess_kwh,m=[this.locale.monthYear(z(`${d.month}-15`)),d.highestWh<0?"–":this.text(W,"drawn_at",c)];return t===void 0?m:[...m,this.locale.number(d.above),this.locale.number(p??d.aboveWh/1e3,1)]},l=[s("month"),s("highest"),...t===void 0?[]:[s("count_above"),s("kwh_above")]];return this.table(this.text(W,"map"),l,()=>i.map(u))},Zl=function(t,n){t.show({day:n}),location.pathname.endsWith("/year")&&Ks(location.pathname.replace(/\/year$/,"/now"))},cn.styles=[F,Il,Ol,O`
      .quiet {
        color: var(--quiet);
      }
      .caption {
        display: flex;
        flex-wrap: wrap;
        gap: 0 14px;
        margin: 20px 0 4px;
      }
      .key {
        margin-inline-end: 8px;
        white-space: nowrap;
      }
    `],cn.properties={...P.properties,chosenKw:{state:!0}};var Mo="smarty-p1-opener",_s=class extends HTMLElement{connectedCallback(){queueMicrotask(()=>{let e=this.panel?.config?.path;!e||!this.isConnected||(history.replaceState(history.state,"",e),window.dispatchEvent(new CustomEvent("location-changed",{detail:{replace:!0}})))})}};var kt={en:{description:"What goes on now, the bill, the year, gas, water, heat and supply quality of your smart meter",now:"Now",bill:"Bill",year:"Year",gas:"Gas",water:"Water",heat:"Heat",boards:"Other meters",quality:"Quality",today:"Today",month:"This month"},de:{description:"Was gerade geschieht, Rechnung, Jahr, Gas, Wasser, Wärme und Spannungsqualität deines Smart Meters",now:"Jetzt",bill:"Rechnung",year:"Jahr",gas:"Gas",water:"Wasser",heat:"Wärme",boards:"Weitere Zähler",quality:"Qualität",today:"Heute",month:"Dieser Monat"},fr:{description:"Ce qui se passe maintenant, la facture, l'année, le gaz, l'eau, la chaleur et la qualité de la tension de votre compteur",now:"Actuel",bill:"Facture",year:"Année",gas:"Gaz",water:"Eau",heat:"Chaleur",boards:"Autres compteurs",quality:"Qualité",today:"Aujourd'hui",month:"Ce mois-ci"},lb:{description:"Wat elo geschitt, d'Rechnung, d'Joer, Gas, Waasser, Wäermt a Spannungsqualitéit vun Ärem Smart Meter",now:"Elo",bill:"Rechnung",year:"Joer",gas:"Gas",water:"Waasser",heat:"Wäermt",boards:"Aner Compteuren",quality:"Qualitéit",today:"Haut",month:"Dëse Mount"},pt:{description:"O que se passa agora, a fatura, o ano, gás, água, calor e qualidade da tensão do seu contador",now:"Agora",bill:"Fatura",year:"Ano",gas:"Gás",water:"Água",heat:"Calor",boards:"Outros contadores",quality:"Qualidade",today:"Hoje",month:"Este mês"}};var Qm={columns:12},Ql={pulse_energy:"mdi:led-on",tank_level:"mdi:storage-tank"};function Yl(r){let e=new Map;for(let n of Object.values(r.entities)){let{platform:s,translation_key:o,device_id:i,entity_id:a,hidden:u}=n;s!=="smarty_p1"||!o||!i||u||e.set(i,(e.get(i)??new Map).set(o,a))}let t=n=>r.devices[n]?.name_by_user??r.devices[n]?.name??"";return[...e].filter(([n,s])=>!r.devices[n]?.disabled_by&&Object.keys(Ql).some(o=>s.has(o))).sort(([n],[s])=>t(n).localeCompare(t(s))).map(([n,s])=>Ym(t(n),s,new ze(r.locale,r.language)))}function Ym(r,e,t){let[n,s]=Object.entries(Ql).find(([u])=>e.has(u)),o=[{type:"heading",heading:r,icon:s,heading_style:"title"}],i=(u,l)=>{let d=e.get(u);d&&o.push({grid_options:Qm,...l(d)})},a=(u={})=>l=>({type:"tile",entity:l,...u});if(n==="tank_level")return i(n,a({features:[{type:"bar-gauge",min:0,max:100}]})),i("tank_volume",a()),i(n,u=>({type:"history-graph",entities:[u],hours_to_show:168})),{type:"grid",cards:o};i("pulse_power",a({features:[{type:"trend-graph",hours_to_show:1}]})),i(n,a());for(let[u,l]of[["day","today"],["month","month"]]){let d=t.text(kt,l);i(n,c=>({type:"statistic",entity:c,name:d,stat_type:"change",period:{calendar:{period:u}}}))}for(let[u,l]of[["day",14],["month",365]]){let d={type:"statistics-graph",period:u,days_to_show:l,stat_types:["change"],chart_type:"bar",hide_legend:!0};i(n,c=>({...d,entities:[c]}))}return{type:"grid",cards:o}}var ws="smarty-p1",Jm=3e3,ys=["gas","water","heat"],be=(r,e={})=>({type:`custom:smarty-p1-${r}`,...e}),hr=(...r)=>({type:"grid",column_span:2,cards:r}),pr=(r,e,...t)=>({type:"sections",title:r,path:e,max_columns:2,sections:t});function Jl(r){return ys.find(e=>r.includes(e))??(r.startsWith("cooling")?"heat":void 0)}function Xm(r,e,t){let n=e.flatMap(({entry_id:c,media:p})=>p.map(m=>({entry_id:c,...m}))),s=({type:c})=>{let p=Jl(c);return p?ys.indexOf(p):ys.length};n.sort((c,p)=>s(c)-s(p));let o=ys.filter(c=>n.some(({type:p})=>Jl(p)===c)),i=Yl(t);if(!n.length&&!i.length)return[];let u=o.map(c=>r.text(kt,c)).map((c,p)=>p?c.toLocaleLowerCase(r.language):c).join("/"),l=n.map(({entry_id:c,meter:p})=>be("medium",{entry_id:c,meter:p})),d=[...l.length?[hr(...l)]:[],...i];return[pr(u||r.text(kt,"boards"),"others",...d)]}var So=0,To,Xl=r=>JSON.stringify(r?.map(({entry_id:e,media:t})=>[e,t.map(({meter:n})=>n)])??null),bs=class extends HTMLElement{static getCreateSuggestions(){return{title:"Smarty",icon:"mdi:meter-electric"}}static shouldRegenerate(e,t,n){if(To===void 0||["entities","devices","language"].some(o=>t[o]!==n[o]))return!0;let{list:s}=Rn(n.connection);return s!==void 0&&Xl(s)!==To}static async generate(e,t){let n=new ze(t.locale,t.language),s=await Rn(t.connection).known(Jm);To=Xl(s);let o=Xm(n,s??[],t),i=!s||s.length>0||!o.length,a=c=>n.text(kt,c),u={chooser:!0},l=(s?.length??1)>0,d=[...i?[pr(a("now"),"now",hr(...l?[be("now"),be("so-far"),be("today")]:[be("now")]))]:[],...l?[pr(a("bill"),"bill",hr(be("bill",u),be("months"))),pr(a("year"),"year",hr(be("year",u)))]:[],...o,...l?[pr(a("quality"),"quality",hr(be("quality",{part:"voltage",...u}),be("quality",{part:"supply"}),be("quality",{part:"interruptions"})))]:[]];for(So=Math.max(So,d.length);d.length<So;){let{path:c,...p}=d[0];d.push({...p,visible:!1})}return{title:"Smarty",views:d}}},ed={type:ws,strategyType:"dashboard",name:"Smarty",get description(){return fe().text(kt,"description")}};var eh={"smarty-p1-now":{card:Bn,texts:Oe},"smarty-p1-so-far":{card:or,texts:nn},"smarty-p1-today":{card:sn,texts:De},"smarty-p1-bill":{card:In,texts:re},"smarty-p1-months":{card:Bt,texts:Z},"smarty-p1-year":{card:cn,texts:W},"smarty-p1-quality":{card:nr,texts:We},"smarty-p1-medium":{card:Kn,texts:te}};customElements.whenDefined("home-assistant").then(()=>{for(let[r,{card:e,texts:t}]of Object.entries(eh))customElements.get(r)||(customElements.define(r,e),(window.customCards??=[]).push({type:r,preview:!0,documentationURL:"https://github.com/smarty-p1/smarty_p1",get name(){return fe().text(t,"name")},get description(){return fe().text(t,"description")}}));customElements.get(Mo)||customElements.define(Mo,_s),!customElements.get(`ll-strategy-dashboard-${ws}`)&&(customElements.define(`ll-strategy-dashboard-${ws}`,bs),(window.customStrategies??=[]).push(ed))});
/*! Bundled license information:

@lit/reactive-element/css-tag.js:
  (**
   * @license
   * Copyright 2019 Google LLC
   * SPDX-License-Identifier: BSD-3-Clause
   *)

@lit/reactive-element/reactive-element.js:
lit-html/lit-html.js:
lit-element/lit-element.js:
lit-html/directive.js:
  (**
   * @license
   * Copyright 2017 Google LLC
   * SPDX-License-Identifier: BSD-3-Clause
   *)

lit-html/is-server.js:
  (**
   * @license
   * Copyright 2022 Google LLC
   * SPDX-License-Identifier: BSD-3-Clause
   *)

lit-html/directives/guard.js:
  (**
   * @license
   * Copyright 2018 Google LLC
   * SPDX-License-Identifier: BSD-3-Clause
   *)
*/
