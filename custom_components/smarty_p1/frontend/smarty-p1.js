var Mo=r=>{throw TypeError(r)};var bs=(r,t,e)=>t.has(r)||Mo("Cannot "+e);var g=(r,t,e)=>(bs(r,t,"read from private field"),e?e.call(r):t.get(r)),w=(r,t,e)=>t.has(r)?Mo("Cannot add the same private member more than once"):t instanceof WeakSet?t.add(r):t.set(r,e),$=(r,t,e,n)=>(bs(r,t,"write to private field"),n?n.call(r,e):t.set(r,e),e),_=(r,t,e)=>(bs(r,t,"access private method"),e);var So=(r,t,e,n)=>({set _(s){$(r,t,s,e)},get _(){return g(r,t,n)}});var pr=globalThis,gr=pr.ShadowRoot&&(pr.ShadyCSS===void 0||pr.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,ws=Symbol(),To=new WeakMap,gn=class{constructor(t,e,n){if(this._$cssResult$=!0,n!==ws)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=t,this.t=e}get styleSheet(){let t=this.o,e=this.t;if(gr&&t===void 0){let n=e!==void 0&&e.length===1;n&&(t=To.get(e)),t===void 0&&((this.o=t=new CSSStyleSheet).replaceSync(this.cssText),n&&To.set(e,t))}return t}toString(){return this.cssText}},Ro=r=>new gn(typeof r=="string"?r:r+"",void 0,ws),O=(r,...t)=>{let e=r.length===1?r[0]:t.reduce((n,s,o)=>n+(i=>{if(i._$cssResult$===!0)return i.cssText;if(typeof i=="number")return i;throw Error("Value passed to 'css' function must be a 'css' function result: "+i+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(s)+r[o+1],r[0]);return new gn(e,r,ws)},Do=(r,t)=>{if(gr)r.adoptedStyleSheets=t.map(e=>e instanceof CSSStyleSheet?e:e.styleSheet);else for(let e of t){let n=document.createElement("style"),s=pr.litNonce;s!==void 0&&n.setAttribute("nonce",s),n.textContent=e.cssText,r.appendChild(n)}},vs=gr?r=>r:r=>r instanceof CSSStyleSheet?(t=>{let e="";for(let n of t.cssRules)e+=n.cssText;return Ro(e)})(r):r;var{is:Xl,defineProperty:ed,getOwnPropertyDescriptor:td,getOwnPropertyNames:nd,getOwnPropertySymbols:rd,getPrototypeOf:sd}=Object,fr=globalThis,Ao=fr.trustedTypes,od=Ao?Ao.emptyScript:"",id=fr.reactiveElementPolyfillSupport,fn=(r,t)=>r,xs={toAttribute(r,t){switch(t){case Boolean:r=r?od:null;break;case Object:case Array:r=r==null?r:JSON.stringify(r)}return r},fromAttribute(r,t){let e=r;switch(t){case Boolean:e=r!==null;break;case Number:e=r===null?null:Number(r);break;case Object:case Array:try{e=JSON.parse(r)}catch{e=null}}return e}},Co=(r,t)=>!Xl(r,t),Eo={attribute:!0,type:String,converter:xs,reflect:!1,useDefault:!1,hasChanged:Co};Symbol.metadata??=Symbol("metadata"),fr.litPropertyMetadata??=new WeakMap;var Le=class extends HTMLElement{static addInitializer(t){this._$Ei(),(this.l??=[]).push(t)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(t,e=Eo){if(e.state&&(e.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(t)&&((e=Object.create(e)).wrapped=!0),this.elementProperties.set(t,e),!e.noAccessor){let n=Symbol(),s=this.getPropertyDescriptor(t,n,e);s!==void 0&&ed(this.prototype,t,s)}}static getPropertyDescriptor(t,e,n){let{get:s,set:o}=td(this.prototype,t)??{get(){return this[e]},set(i){this[e]=i}};return{get:s,set(i){let a=s?.call(this);o?.call(this,i),this.requestUpdate(t,a,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(t){return this.elementProperties.get(t)??Eo}static _$Ei(){if(this.hasOwnProperty(fn("elementProperties")))return;let t=sd(this);t.finalize(),t.l!==void 0&&(this.l=[...t.l]),this.elementProperties=new Map(t.elementProperties)}static finalize(){if(this.hasOwnProperty(fn("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(fn("properties"))){let e=this.properties,n=[...nd(e),...rd(e)];for(let s of n)this.createProperty(s,e[s])}let t=this[Symbol.metadata];if(t!==null){let e=litPropertyMetadata.get(t);if(e!==void 0)for(let[n,s]of e)this.elementProperties.set(n,s)}this._$Eh=new Map;for(let[e,n]of this.elementProperties){let s=this._$Eu(e,n);s!==void 0&&this._$Eh.set(s,e)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(t){let e=[];if(Array.isArray(t)){let n=new Set(t.flat(1/0).reverse());for(let s of n)e.unshift(vs(s))}else t!==void 0&&e.push(vs(t));return e}static _$Eu(t,e){let n=e.attribute;return n===!1?void 0:typeof n=="string"?n:typeof t=="string"?t.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(t=>this.enableUpdating=t),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(t=>t(this))}addController(t){(this._$EO??=new Set).add(t),this.renderRoot!==void 0&&this.isConnected&&t.hostConnected?.()}removeController(t){this._$EO?.delete(t)}_$E_(){let t=new Map,e=this.constructor.elementProperties;for(let n of e.keys())this.hasOwnProperty(n)&&(t.set(n,this[n]),delete this[n]);t.size>0&&(this._$Ep=t)}createRenderRoot(){let t=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return Do(t,this.constructor.elementStyles),t}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(t=>t.hostConnected?.())}enableUpdating(t){}disconnectedCallback(){this._$EO?.forEach(t=>t.hostDisconnected?.())}attributeChangedCallback(t,e,n){this._$AK(t,n)}_$ET(t,e){let n=this.constructor.elementProperties.get(t),s=this.constructor._$Eu(t,n);if(s!==void 0&&n.reflect===!0){let o=(n.converter?.toAttribute!==void 0?n.converter:xs).toAttribute(e,n.type);this._$Em=t,o==null?this.removeAttribute(s):this.setAttribute(s,o),this._$Em=null}}_$AK(t,e){let n=this.constructor,s=n._$Eh.get(t);if(s!==void 0&&this._$Em!==s){let o=n.getPropertyOptions(s),i=typeof o.converter=="function"?{fromAttribute:o.converter}:o.converter?.fromAttribute!==void 0?o.converter:xs;this._$Em=s;let a=i.fromAttribute(e,o.type);this[s]=a??this._$Ej?.get(s)??a,this._$Em=null}}requestUpdate(t,e,n,s=!1,o){if(t!==void 0){let i=this.constructor;if(s===!1&&(o=this[t]),n??=i.getPropertyOptions(t),!((n.hasChanged??Co)(o,e)||n.useDefault&&n.reflect&&o===this._$Ej?.get(t)&&!this.hasAttribute(i._$Eu(t,n))))return;this.C(t,e,n)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(t,e,{useDefault:n,reflect:s,wrapped:o},i){n&&!(this._$Ej??=new Map).has(t)&&(this._$Ej.set(t,i??e??this[t]),o!==!0||i!==void 0)||(this._$AL.has(t)||(this.hasUpdated||n||(e=void 0),this._$AL.set(t,e)),s===!0&&this._$Em!==t&&(this._$Eq??=new Set).add(t))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(e){Promise.reject(e)}let t=this.scheduleUpdate();return t!=null&&await t,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[s,o]of this._$Ep)this[s]=o;this._$Ep=void 0}let n=this.constructor.elementProperties;if(n.size>0)for(let[s,o]of n){let{wrapped:i}=o,a=this[s];i!==!0||this._$AL.has(s)||a===void 0||this.C(s,void 0,o,a)}}let t=!1,e=this._$AL;try{t=this.shouldUpdate(e),t?(this.willUpdate(e),this._$EO?.forEach(n=>n.hostUpdate?.()),this.update(e)):this._$EM()}catch(n){throw t=!1,this._$EM(),n}t&&this._$AE(e)}willUpdate(t){}_$AE(t){this._$EO?.forEach(e=>e.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(t)),this.updated(t)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(t){return!0}update(t){this._$Eq&&=this._$Eq.forEach(e=>this._$ET(e,this[e])),this._$EM()}updated(t){}firstUpdated(t){}};Le.elementStyles=[],Le.shadowRootOptions={mode:"open"},Le[fn("elementProperties")]=new Map,Le[fn("finalized")]=new Map,id?.({ReactiveElement:Le}),(fr.reactiveElementVersions??=[]).push("2.1.2");var Ds=globalThis,Lo=r=>r,_r=Ds.trustedTypes,No=_r?_r.createPolicy("lit-html",{createHTML:r=>r}):void 0,Po="$lit$",Be=`lit$${Math.random().toFixed(9).slice(2)}$`,Ho="?"+Be,ad=`<${Ho}>`,it=document,yn=()=>it.createComment(""),bn=r=>r===null||typeof r!="object"&&typeof r!="function",As=Array.isArray,ud=r=>As(r)||typeof r?.[Symbol.iterator]=="function",ks=`[ 	
\f\r]`,_n=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,zo=/-->/g,Oo=/>/g,st=RegExp(`>|${ks}(?:([^\\s"'>=/]+)(${ks}*=${ks}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),Wo=/'/g,qo=/"/g,Ko=/^(?:script|style|textarea|title)$/i,Es=r=>(t,...e)=>({_$litType$:r,strings:t,values:e}),f=Es(1),A=Es(2),nh=Es(3),ve=Symbol.for("lit-noChange"),x=Symbol.for("lit-nothing"),Io=new WeakMap,ot=it.createTreeWalker(it,129);function Vo(r,t){if(!As(r)||!r.hasOwnProperty("raw"))throw Error("invalid template strings array");return No!==void 0?No.createHTML(t):t}var ld=(r,t)=>{let e=r.length-1,n=[],s,o=t===2?"<svg>":t===3?"<math>":"",i=_n;for(let a=0;a<e;a++){let u=r[a],l,d,c=-1,p=0;for(;p<u.length&&(i.lastIndex=p,d=i.exec(u),d!==null);)p=i.lastIndex,i===_n?d[1]==="!--"?i=zo:d[1]!==void 0?i=Oo:d[2]!==void 0?(Ko.test(d[2])&&(s=RegExp("</"+d[2],"g")),i=st):d[3]!==void 0&&(i=st):i===st?d[0]===">"?(i=s??_n,c=-1):d[1]===void 0?c=-2:(c=i.lastIndex-d[2].length,l=d[1],i=d[3]===void 0?st:d[3]==='"'?qo:Wo):i===qo||i===Wo?i=st:i===zo||i===Oo?i=_n:(i=st,s=void 0);let m=i===st&&r[a+1].startsWith("/>")?" ":"";o+=i===_n?u+ad:c>=0?(n.push(l),u.slice(0,c)+Po+u.slice(c)+Be+m):u+Be+(c===-2?a:m)}return[Vo(r,o+(r[e]||"<?>")+(t===2?"</svg>":t===3?"</math>":"")),n]},wn=class r{constructor({strings:t,_$litType$:e},n){let s;this.parts=[];let o=0,i=0,a=t.length-1,u=this.parts,[l,d]=ld(t,e);if(this.el=r.createElement(l,n),ot.currentNode=this.el.content,e===2||e===3){let c=this.el.content.firstChild;c.replaceWith(...c.childNodes)}for(;(s=ot.nextNode())!==null&&u.length<a;){if(s.nodeType===1){if(s.hasAttributes())for(let c of s.getAttributeNames())if(c.endsWith(Po)){let p=d[i++],m=s.getAttribute(c).split(Be),h=/([.?@])?(.*)/.exec(p);u.push({type:1,index:o,name:h[2],strings:m,ctor:h[1]==="."?Ms:h[1]==="?"?Ss:h[1]==="@"?Ts:Mt}),s.removeAttribute(c)}else c.startsWith(Be)&&(u.push({type:6,index:o}),s.removeAttribute(c));if(Ko.test(s.tagName)){let c=s.textContent.split(Be),p=c.length-1;if(p>0){s.textContent=_r?_r.emptyScript:"";for(let m=0;m<p;m++)s.append(c[m],yn()),ot.nextNode(),u.push({type:2,index:++o});s.append(c[p],yn())}}}else if(s.nodeType===8)if(s.data===Ho)u.push({type:2,index:o});else{let c=-1;for(;(c=s.data.indexOf(Be,c+1))!==-1;)u.push({type:7,index:o}),c+=Be.length-1}o++}}static createElement(t,e){let n=it.createElement("template");return n.innerHTML=t,n}};function $t(r,t,e=r,n){if(t===ve)return t;let s=n!==void 0?e._$Co?.[n]:e._$Cl,o=bn(t)?void 0:t._$litDirective$;return s?.constructor!==o&&(s?._$AO?.(!1),o===void 0?s=void 0:(s=new o(r),s._$AT(r,e,n)),n!==void 0?(e._$Co??=[])[n]=s:e._$Cl=s),s!==void 0&&(t=$t(r,s._$AS(r,t.values),s,n)),t}var $s=class{constructor(t,e){this._$AV=[],this._$AN=void 0,this._$AD=t,this._$AM=e}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(t){let{el:{content:e},parts:n}=this._$AD,s=(t?.creationScope??it).importNode(e,!0);ot.currentNode=s;let o=ot.nextNode(),i=0,a=0,u=n[0];for(;u!==void 0;){if(i===u.index){let l;u.type===2?l=new vn(o,o.nextSibling,this,t):u.type===1?l=new u.ctor(o,u.name,u.strings,this,t):u.type===6&&(l=new Rs(o,this,t)),this._$AV.push(l),u=n[++a]}i!==u?.index&&(o=ot.nextNode(),i++)}return ot.currentNode=it,s}p(t){let e=0;for(let n of this._$AV)n!==void 0&&(n.strings!==void 0?(n._$AI(t,n,e),e+=n.strings.length-2):n._$AI(t[e])),e++}},vn=class r{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(t,e,n,s){this.type=2,this._$AH=x,this._$AN=void 0,this._$AA=t,this._$AB=e,this._$AM=n,this.options=s,this._$Cv=s?.isConnected??!0}get parentNode(){let t=this._$AA.parentNode,e=this._$AM;return e!==void 0&&t?.nodeType===11&&(t=e.parentNode),t}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(t,e=this){t=$t(this,t,e),bn(t)?t===x||t==null||t===""?(this._$AH!==x&&this._$AR(),this._$AH=x):t!==this._$AH&&t!==ve&&this._(t):t._$litType$!==void 0?this.$(t):t.nodeType!==void 0?this.T(t):ud(t)?this.k(t):this._(t)}O(t){return this._$AA.parentNode.insertBefore(t,this._$AB)}T(t){this._$AH!==t&&(this._$AR(),this._$AH=this.O(t))}_(t){this._$AH!==x&&bn(this._$AH)?this._$AA.nextSibling.data=t:this.T(it.createTextNode(t)),this._$AH=t}$(t){let{values:e,_$litType$:n}=t,s=typeof n=="number"?this._$AC(t):(n.el===void 0&&(n.el=wn.createElement(Vo(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===s)this._$AH.p(e);else{let o=new $s(s,this),i=o.u(this.options);o.p(e),this.T(i),this._$AH=o}}_$AC(t){let e=Io.get(t.strings);return e===void 0&&Io.set(t.strings,e=new wn(t)),e}k(t){As(this._$AH)||(this._$AH=[],this._$AR());let e=this._$AH,n,s=0;for(let o of t)s===e.length?e.push(n=new r(this.O(yn()),this.O(yn()),this,this.options)):n=e[s],n._$AI(o),s++;s<e.length&&(this._$AR(n&&n._$AB.nextSibling,s),e.length=s)}_$AR(t=this._$AA.nextSibling,e){for(this._$AP?.(!1,!0,e);t!==this._$AB;){let n=Lo(t).nextSibling;Lo(t).remove(),t=n}}setConnected(t){this._$AM===void 0&&(this._$Cv=t,this._$AP?.(t))}},Mt=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(t,e,n,s,o){this.type=1,this._$AH=x,this._$AN=void 0,this.element=t,this.name=e,this._$AM=s,this.options=o,n.length>2||n[0]!==""||n[1]!==""?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=x}_$AI(t,e=this,n,s){let o=this.strings,i=!1;if(o===void 0)t=$t(this,t,e,0),i=!bn(t)||t!==this._$AH&&t!==ve,i&&(this._$AH=t);else{let a=t,u,l;for(t=o[0],u=0;u<o.length-1;u++)l=$t(this,a[n+u],e,u),l===ve&&(l=this._$AH[u]),i||=!bn(l)||l!==this._$AH[u],l===x?t=x:t!==x&&(t+=(l??"")+o[u+1]),this._$AH[u]=l}i&&!s&&this.j(t)}j(t){t===x?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,t??"")}},Ms=class extends Mt{constructor(){super(...arguments),this.type=3}j(t){this.element[this.name]=t===x?void 0:t}},Ss=class extends Mt{constructor(){super(...arguments),this.type=4}j(t){this.element.toggleAttribute(this.name,!!t&&t!==x)}},Ts=class extends Mt{constructor(t,e,n,s,o){super(t,e,n,s,o),this.type=5}_$AI(t,e=this){if((t=$t(this,t,e,0)??x)===ve)return;let n=this._$AH,s=t===x&&n!==x||t.capture!==n.capture||t.once!==n.once||t.passive!==n.passive,o=t!==x&&(n===x||s);s&&this.element.removeEventListener(this.name,this,n),o&&this.element.addEventListener(this.name,this,t),this._$AH=t}handleEvent(t){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,t):this._$AH.handleEvent(t)}},Rs=class{constructor(t,e,n){this.element=t,this.type=6,this._$AN=void 0,this._$AM=e,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(t){$t(this,t)}};var dd=Ds.litHtmlPolyfillSupport;dd?.(wn,vn),(Ds.litHtmlVersions??=[]).push("3.3.3");var jo=(r,t,e)=>{let n=e?.renderBefore??t,s=n._$litPart$;if(s===void 0){let o=e?.renderBefore??null;n._$litPart$=s=new vn(t.insertBefore(yn(),o),o,void 0,e??{})}return s._$AI(r),s};var Cs=globalThis,Ue=class extends Le{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let t=super.createRenderRoot();return this.renderOptions.renderBefore??=t.firstChild,t}update(t){let e=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(t),this._$Do=jo(e,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return ve}};Ue._$litElement$=!0,Ue.finalized=!0,Cs.litElementHydrateSupport?.({LitElement:Ue});var cd=Cs.litElementPolyfillSupport;cd?.({LitElement:Ue});(Cs.litElementVersions??=[]).push("4.2.2");var Ls=[1,2,4,8,16,30],md=9e5,hd=15e3,pd=40,at,St,xr=class{constructor(){w(this,at,new Set);w(this,St,!1)}get size(){return g(this,at).size}add(t){g(this,at).add(t)}delete(t){g(this,at).delete(t)}tell(){g(this,St)||($(this,St,!0),requestAnimationFrame(()=>{$(this,St,!1);for(let t of[...g(this,at)])t()}))}};at=new WeakMap,St=new WeakMap;var xn,Tt,Fe,Rt,ie,xe,Ge,Ze,Dt,kn,K,Uo,$n,yr,br,wr,Fo,zs,Ns=class{constructor(t,e){w(this,K);this.liveAt=0;w(this,xn,0);w(this,Tt,!1);this.shown={};w(this,Fe);w(this,Rt);w(this,ie,new xr);w(this,xe,new Map);w(this,Ge);w(this,Ze,0);w(this,Dt,0);w(this,kn);w(this,$n,()=>{$(this,Ge,void 0),_(this,K,wr).call(this),_(this,K,yr).call(this),_(this,K,br).call(this)});$(this,Fe,t),$(this,Rt,e)}get now(){return Date.now()-g(this,xn)}listen(t){return g(this,ie).add(t),g(this,ie).size===1&&(this.liveAt=Date.now(),g(this,Fe).addEventListener("ready",g(this,$n)),_(this,K,br).call(this)),()=>{g(this,ie).delete(t),!g(this,ie).size&&(g(this,Fe).removeEventListener("ready",g(this,$n)),_(this,K,wr).call(this),_(this,K,yr).call(this))}}show(t){Object.assign(this.shown,t),g(this,ie).tell()}get(t,e,n=this.quarterHour){let s=JSON.stringify([t,e]),o=g(this,xe).get(s);o||(o={period:"",isPending:!1,tries:0,retryAt:0}),g(this,xe).delete(s),g(this,xe).set(s,o);let[i]=g(this,xe).keys();return g(this,xe).size>pd&&g(this,xe).delete(i),this.live&&o.period!==n&&Date.now()>=o.retryAt&&!o.isPending&&g(this,ie).size&&_(this,K,Uo).call(this,o,{type:t,...e},n),o}get quarterHour(){return this.live?.quarter_hour?.start??String(Math.floor((Date.now()-hd)/md))}};xn=new WeakMap,Tt=new WeakMap,Fe=new WeakMap,Rt=new WeakMap,ie=new WeakMap,xe=new WeakMap,Ge=new WeakMap,Ze=new WeakMap,Dt=new WeakMap,kn=new WeakMap,K=new WeakSet,Uo=async function(t,e,n){t.isPending=!0;let s=g(this,Fe);try{t.value=await s.sendMessagePromise({...e,entry_id:g(this,Rt)}),delete t.error,t.tries=0,t.period=n}catch(o){t.error=Ws(o),t.retryAt=Date.now()+1e3*(Ls[t.tries]??30),t.tries+=1,setTimeout(()=>g(this,ie).tell(),t.retryAt-Date.now()+50)}t.isPending=!1,g(this,ie).tell()},$n=new WeakMap,yr=function(){for(let t of g(this,xe).values())Object.assign(t,{period:"",tries:0,retryAt:0})},br=function(){let t=++So(this,Ze)._;$(this,Tt,!1);let e={type:"smarty_p1/live",entry_id:g(this,Rt)},n={resubscribe:!1},s=g(this,Fe).subscribeMessage(o=>t===g(this,Ze)&&_(this,K,Fo).call(this,o),e,n);$(this,Ge,s),s.then(()=>t===g(this,Ze)&&$(this,Dt,0),o=>t===g(this,Ze)&&_(this,K,zs).call(this,Ws(o)))},wr=function(){$(this,Ze,g(this,Ze)+1),clearTimeout(g(this,kn));let t=g(this,Ge);$(this,Ge,void 0),t?.then(e=>e()).catch(()=>{})},Fo=function(t){let e=this.live?.gone,[n,s]=[this.live?.received_at,t.received_at].map(o=>Date.parse(o??""));g(this,Tt)&&s>n&&$(this,xn,Date.now()-s),$(this,Tt,!0),this.live=t.gone?{...this.live,...t}:t,this.liveAt=Date.now(),(t.gone||e)&&_(this,K,yr).call(this),t.state==="unauthorized"&&(_(this,K,wr).call(this),_(this,K,zs).call(this,t.state)),g(this,ie).tell()},zs=function(t){$(this,Ge,void 0),t==="unauthorized"&&(this.live={state:"unauthorized",obstacle:null,remedy:null,gone:!0}),$(this,kn,setTimeout(()=>_(this,K,br).call(this),1e3*(Ls[g(this,Dt)]??30))),$(this,Dt,g(this,Dt)+1),g(this,ie).tell()};var Qe,Mn,pe,Sn,At,Tn,Et,Ct,ut,Ye,vr,Go,Os=class{constructor(t){w(this,Ye);w(this,Qe);w(this,Mn,new Map);w(this,pe,new xr);w(this,Sn);w(this,At);w(this,Tn,new Map);w(this,Et,0);w(this,Ct);w(this,ut,()=>{_(this,Ye,vr).call(this)});$(this,Qe,t)}feed(t){let e=g(this,Mn).get(t);return e||(e=new Ns(g(this,Qe),t),g(this,Mn).set(t,e)),e}get chosen(){return this.list?.find(({entry_id:t})=>t===g(this,Sn))??this.list?.[0]}choose(t){$(this,Sn,t),g(this,pe).tell()}listen(t){return g(this,pe).add(t),g(this,pe).size===1&&(g(this,Qe).addEventListener("ready",g(this,ut)),g(this,ut).call(this)),()=>{g(this,pe).delete(t),!g(this,pe).size&&(g(this,Qe).removeEventListener("ready",g(this,ut)),clearTimeout(g(this,Ct)))}}async known(t){let e=new Promise(n=>setTimeout(n,t));return await Promise.race([_(this,Ye,vr).call(this),e]),this.list}refresh(t,e){e===g(this,Tn).get(t)||!g(this,pe).size||(g(this,Tn).set(t,e),_(this,Ye,vr).call(this))}};Qe=new WeakMap,Mn=new WeakMap,pe=new WeakMap,Sn=new WeakMap,At=new WeakMap,Tn=new WeakMap,Et=new WeakMap,Ct=new WeakMap,ut=new WeakMap,Ye=new WeakSet,vr=function(){return g(this,At)??$(this,At,_(this,Ye,Go).call(this).finally(()=>$(this,At,void 0))),g(this,At)},Go=async function(){clearTimeout(g(this,Ct));try{let{meters:t}=await g(this,Qe).sendMessagePromise({type:"smarty_p1/meters"});this.list=t.map(e=>gd(e,this.list?.find(({entry_id:n})=>n===e.entry_id))),this.error=void 0,$(this,Et,0)}catch(t){this.error=Ws(t),g(this,pe).size&&$(this,Ct,setTimeout(g(this,ut),1e3*(Ls[g(this,Et)]??30))),$(this,Et,g(this,Et)+1)}g(this,pe).tell()};function gd(r,t){if(!t||r.state==="receiving")return r;let{media:e,phases:n,feeds_in:s,connection_kva:o,known_since:i}=t;return{...r,media:r.media.length?r.media:e,phases:r.phases??n,feeds_in:r.feeds_in??s,connection_kva:r.connection_kva??o,known_since:r.known_since??i}}var Bo=new WeakMap;function Rn(r){let t=Bo.get(r);return t||Bo.set(r,t=new Os(r)),t}function Ws(r){let{code:t}=r??{};return typeof t=="string"?t:"not_answered"}function E(r,t=0){let e=10**t,n=Math.floor(Math.abs(r)*e+.5+1e-7);return n===0?0:Math.sign(r)*n/e}function kr(r,t=0){let e=10**t;return Math.floor(r*e+1e-7)/e||0}function Dn(r,t=0){let e=10**t;return Math.ceil(r*e-1e-7)/e||0}function Lt(r,t=2,e){let n=10**t,s=r.map(l=>l*n),o=Math.round(E(e??r.reduce((l,d)=>l+d,0),t)*n),i=s.map(l=>Math.floor(l+1e-7)),a=o-i.reduce((l,d)=>l+d,0),u=s.map((l,d)=>({index:d,lost:l-i[d]})).sort((l,d)=>d.lost-l.lost||l.index-d.index);for(let l=0;a>0&&u.length;l=(l+1)%u.length,a-=1)i[u[l].index]+=1;for(let l=u.length-1;a<0&&l>=0;l-=1,a+=1)i[u[l].index]-=1;return i.map(l=>l/n||0)}var Zo={en:{meter:"Meter",no_meter:"No meter yet",add_meter:"Add a meter",not_allowed:"You may not see this meter, or it has been removed. An administrator can let you read its entities.",loading:"One moment…",not_answered:"Home Assistant does not answer. The card tries again by itself.",show_table:"Show as table",hide_table:"Hide the table",last:"last {time}",nothing_yet:"Nothing known yet. It appears here with the first whole quarter-hour.",not_read:"This meter is not being read at the moment.",months:"January February March April May June July August September October November December",weekdays:"Monday Tuesday Wednesday Thursday Friday Saturday Sunday"},de:{meter:"Zähler",no_meter:"Noch kein Zähler",add_meter:"Zähler hinzufügen",not_allowed:"Du darfst diesen Zähler nicht sehen, oder er wurde entfernt. Ein Administrator kann dich seine Entitäten lesen lassen.",loading:"Einen Moment …",not_answered:"Home Assistant antwortet nicht. Die Karte versucht es von selbst wieder.",show_table:"Als Tabelle zeigen",hide_table:"Tabelle ausblenden",last:"zuletzt {time}",nothing_yet:"Noch nichts bekannt. Es erscheint hier mit der ersten ganzen Viertelstunde.",not_read:"Dieser Zähler wird zurzeit nicht gelesen.",months:"Januar Februar März April Mai Juni Juli August September Oktober November Dezember",weekdays:"Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"},fr:{meter:"Compteur",no_meter:"Pas encore de compteur",add_meter:"Ajouter un compteur",not_allowed:"Vous n'avez pas le droit de voir ce compteur, ou il a été supprimé. Un administrateur peut vous laisser lire ses entités.",loading:"Un instant…",not_answered:"Home Assistant ne répond pas. La carte réessaie d'elle-même.",show_table:"Afficher en tableau",hide_table:"Masquer le tableau",last:"dernier {time}",nothing_yet:"Rien de connu pour l'instant. Cela apparaît ici avec le premier quart d'heure entier.",not_read:"Ce compteur n'est pas lu en ce moment.",months:"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",weekdays:"lundi mardi mercredi jeudi vendredi samedi dimanche"},lb:{meter:"Compteur",no_meter:"Nach kee Compteur",add_meter:"Compteur dobäisetzen",not_allowed:"Dir däerft dëse Compteur net gesinn, oder en ass ewechgeholl ginn. En Administrateur kann Iech seng Entitéite liese loossen.",loading:"Ee Moment …",not_answered:"Home Assistant äntwert net. D'Kaart probéiert et vu selwer nach eng Kéier.",show_table:"Als Tabell weisen",hide_table:"Tabell verstoppen",last:"fir d'lescht {time}",nothing_yet:"Nach näischt bekannt. Et erschéngt hei mat der éischter ganzer Véierelstonn.",not_read:"Dëse Compteur gëtt de Moment net gelies.",months:"Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember",weekdays:"Méindeg Dënschdeg Mëttwoch Donneschdeg Freideg Samschdeg Sonndeg"},pt:{meter:"Contador",no_meter:"Ainda sem contador",add_meter:"Adicionar um contador",not_allowed:"Não tem permissão para ver este contador, ou ele foi removido. Um administrador pode deixá-lo ler as suas entidades.",loading:"Um momento…",not_answered:"O Home Assistant não responde. O cartão volta a tentar por si.",show_table:"Mostrar como tabela",hide_table:"Ocultar a tabela",last:"último {time}",nothing_yet:"Ainda nada conhecido. Aparece aqui com o primeiro quarto de hora completo.",not_read:"Este contador não está a ser lido neste momento.",months:"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",weekdays:"segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"}};var _d=["en","de","fr","lb","pt"],Jo="Europe/Luxembourg",Qo=" ",yd={comma_decimal:"en-US",decimal_comma:"de",space_comma:"fr",quote_decimal:"de-CH"},Ne,An,En,Nt,Cn,Ln,X,qs,ke,ze=class{constructor(t,e=t.language){w(this,X);w(this,Ne);w(this,An);w(this,En);w(this,Nt);w(this,Cn,new Map);w(this,Ln,new Map);let[n]=e.split("-");this.language=_d.find(o=>o===n)??"en";let s=Intl.DateTimeFormat.supportedLocalesOf([e]).length>0;$(this,Ne,s&&this.language===n?e:this.language==="lb"?"de":this.language),$(this,An,t.number_format==="system"?void 0:yd[t.number_format]??(t.number_format==="language"?g(this,Ne):"en-US")),$(this,En,t.number_format!=="none"),$(this,Nt,bd(t,g(this,Ne)))}text(t,e,n={}){return(t[this.language][e]??t.en[e]??e).replace(/\{(\w+)\}/g,(o,i)=>String(n[i]??o))}common(t,e={}){return this.text(Zo,t,e)}count(t,e,n,s={}){let o=new Intl.PluralRules(g(this,Ne)).select(n)==="one";return this.text(t,`${e}_${o?"one":"other"}`,{count:this.number(n),...s})}number(t,e=0){let n=g(this,Ln).get(e);if(!n){let s={minimumFractionDigits:e,maximumFractionDigits:e};n=new Intl.NumberFormat(g(this,An),{...s,useGrouping:g(this,En)}),g(this,Ln).set(e,n)}return n.format(E(t,e)).replace(/^-/,"−").replace(/\s/g,Qo)}signed(t,e=0){return E(t,e)>0?`+${this.number(t,e)}`:this.number(t,e)}unit(t,e,n=0){return`${this.number(t,n)}${Qo}${e}`}kW(t){return this.unit(t,"kW",$e(t))}referenceKW(t){return this.unit(t,"kW",Number.isInteger(t)?0:1)}kWh(t,e=1){return this.unit(t,"kWh",e)}cents(t){return this.unit(t,"€",2)}euros(t){return this.unit(t,"€",0)}percent(t,e=0){let n=t*100,s=t<1?Math.min(n,100-10**-e):n;return this.language==="en"?`${this.number(s,e)}%`:this.unit(s,"%",e)}time(t,e=!1){return _(this,X,ke).call(this,e?"seconds":"time",t)}timeRange(t,e){return g(this,Nt)?D(t)!==D(e)?`${this.time(t)} – ${this.time(e)}`:_(this,X,qs).call(this,"time").formatRange(t,e):`${this.time(t)}–${this.time(e)}`}weekday(t){return _(this,X,ke).call(this,"weekday",t)}shortWeekday(t){return _(this,X,ke).call(this,"shortWeekday",t)}day(t){return _(this,X,ke).call(this,"day",t)}shortDay(t){return _(this,X,ke).call(this,"shortDay",t)}date(t){return _(this,X,ke).call(this,"date",t)}month(t){return _(this,X,ke).call(this,"month",t)}shortMonth(t){return _(this,X,ke).call(this,"shortMonth",t)}monthYear(t){return _(this,X,ke).call(this,"monthYear",t)}};Ne=new WeakMap,An=new WeakMap,En=new WeakMap,Nt=new WeakMap,Cn=new WeakMap,Ln=new WeakMap,X=new WeakSet,qs=function(t){let e=g(this,Cn).get(t);if(!e){let n=t==="time"||t==="seconds",s=g(this,Nt)?{hour12:!0,hour:"numeric"}:{hourCycle:"h23"},o=g(this,Ne)==="en"&&!n?"en-GB":g(this,Ne);e=new Intl.DateTimeFormat(o,{timeZone:Jo,...Yo[t],...n?s:{}}),g(this,Cn).set(t,e)}return e},ke=function(t,e){let n=_(this,X,qs).call(this,t);if(this.language!=="lb")return n.format(e).replace(",","");let{month:s,weekday:o}=Yo[t],i=(l,d,c)=>{let p=this.common(l).split(" ")[c]??"";return d==="short"?p.slice(0,l==="months"?3:2):p},{monthIndex:a,dayOfWeek:u}=ne(e);return n.formatToParts(e).map(l=>l.type==="month"&&s!=="numeric"?i("months",s,a):l.type==="weekday"?i("weekdays",o,u):l.value).join("").replace(",","")};var Yo={time:{hour:"2-digit",minute:"2-digit"},seconds:{hour:"2-digit",minute:"2-digit",second:"2-digit"},weekday:{weekday:"long",day:"numeric",month:"long"},shortWeekday:{weekday:"short",day:"numeric"},day:{day:"numeric",month:"long"},shortDay:{day:"numeric",month:"short"},date:{day:"numeric",month:"long",year:"numeric"},month:{month:"long"},shortMonth:{month:"short"},monthYear:{month:"long",year:"numeric"}},$e=r=>Math.abs(r)<99.95?1:0;function bd({time_format:r},t){if(r!=="language"&&r!=="system")return r==="12";let e=r==="language"?t:void 0;return new Date(2023,0,1,22).toLocaleTimeString(e,{hour:"numeric"}).includes("10")}var wd=new Intl.DateTimeFormat("en-GB",{timeZone:Jo,year:"numeric",month:"numeric",day:"numeric",hour:"numeric",minute:"numeric",weekday:"short",hourCycle:"h23"});function ne(r){let t=Object.fromEntries(wd.formatToParts(r).map(({type:e,value:n})=>[e,n]));return{year:Number(t.year),monthIndex:Number(t.month)-1,day:Number(t.day),hour:Number(t.hour),minute:Number(t.minute),dayOfWeek:["Mon","Tue","Wed","Thu","Fri","Sat","Sun"].indexOf(t.weekday??"")}}function D(r){let{year:t,monthIndex:e,day:n}=ne(r);return`${t}-${String(e+1).padStart(2,"0")}-${String(n).padStart(2,"0")}`}function z(r){let t=new Date(`${r}T00:00:00Z`);for(let e of[1,2]){let n=new Date(t.getTime()-e*36e5);if(ne(n).hour===0&&D(n)===r)return n}return t}function j(r,t){return new Date(Date.parse(`${r}T00:00:00Z`)+t*864e5).toISOString().slice(0,10)}function U(r,t){let[e=0,n=1]=r.split("-").map(Number);return new Date(Date.UTC(e,n-1+t)).toISOString().slice(0,7)}var Is=3,Xo=O`
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
`;function ei(r,t,e,n){return t.length>Is?f`<select class="chooser" aria-label=${r} @change=${o=>n(o.target.value)}>
      ${t.map(({id:o,name:i})=>f`<option value=${o} ?selected=${o===e}>${i}</option>`)}
    </select>`:f`<div class="chooser" role="radiogroup" aria-label=${r} @keydown=${o=>{let i={ArrowLeft:-1,ArrowUp:-1,ArrowRight:1,ArrowDown:1}[o.key];if(!i)return;o.preventDefault();let u=(t.findIndex(({id:l})=>l===e)+i+t.length)%t.length;n(t[u].id),o.currentTarget.querySelectorAll("button")[u]?.focus()}}>
    ${t.map(({id:o,name:i,detail:a})=>f`<button
        role="radio"
        aria-checked=${o===e?"true":"false"}
        tabindex=${o===e?0:-1}
        @click=${()=>n(o)}
      >
        <b>${i}</b>${a?f`<small>${a}</small>`:x}
      </button>`)}
  </div>`}var ti=({title:r,serial_number:t})=>t?r.replace(t,`…⁠${t.slice(-6)}`):r;function ge(r){let t=r.split("**");return f`${t.map((e,n)=>n%2?f`<b>${e}</b>`:e)}`}var me=r=>r.replaceAll("**","");function ni(r,t,e){return f`<div class="scroll" tabindex="0" role="region" aria-label=${r}>
    <table class="behind">
      <caption class="hidden">${r}</caption>
      <thead>
        <tr>${t.map(n=>f`<th scope="col">${n}</th>`)}</tr>
      </thead>
      <tbody>
        ${e.map(n=>f`<tr>${n.map((s,o)=>o?f`<td>${s}</td>`:f`<th scope="row">${s}</th>`)}</tr>`)}
      </tbody>
    </table>
  </div>`}function $r(r,t){return A`<pattern id=${r} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <rect width="5" height="5" fill=${t} fill-opacity="0.18"></rect>
    <rect width="2.5" height="5" fill=${t}></rect>
  </pattern>`}function Mr(r,t,e){let n=(s,o,i)=>f`<button aria-label=${s} title=${s} aria-disabled=${i?"false":"true"} @click=${i}>
      <ha-icon icon=${o} style="pointer-events:none"></ha-icon>
    </button>`;return f`<header class="turn">
    ${n(t.earlier,"mdi:chevron-left",e.earlier)}
    <h2 aria-live="polite">${r}</h2>
    ${n(t.later,"mdi:chevron-right",e.later)}
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
  ${Xo}
  @media (prefers-reduced-motion: no-preference) {
    .moves {
      transition: width 0.3s;
    }
  }
`;var vd=15e3,xd=6e4,Me,ae,lt,Se,zt,Ot,Nn,zn,On,Je,Wt,qt,ri,si,P=class extends Ue{constructor(){super(...arguments);w(this,qt);w(this,Me);w(this,ae);w(this,lt);w(this,Se,[]);w(this,zt);w(this,Ot,!1);w(this,Nn);w(this,zn,"");w(this,On,0);w(this,Je,()=>{for(let e of g(this,Se))e();$(this,Se,[]),$(this,lt,void 0),clearInterval(g(this,Nn)),!(!g(this,Me)||!g(this,Ot)||document.hidden)&&($(this,ae,Rn(g(this,Me).connection)),$(this,Nn,setInterval(g(this,Wt),vd)),$(this,Se,[g(this,ae).listen(g(this,Wt))]),g(this,Wt).call(this))});w(this,Wt,()=>this.requestUpdate())}otherFeeds(){return[]}static getStubConfig(){return{}}static getConfigForm(){return{schema:[{name:"entry_id",selector:{config_entry:{integration:"smarty_p1"}}}],computeLabel:()=>fe().common("meter")}}getGridOptions(){return{columns:12,min_columns:6,rows:"auto"}}getCardSize(){return 5}setConfig(e){if(!e||e.entry_id!==void 0&&typeof e.entry_id!="string")throw new Error("entry_id: the id of a meter, as text");this.config=e}set hass(e){let n=g(this,Me);$(this,Me,e);let s=n&&n.locale===e.locale&&n.language===e.language&&n.themes===e.themes;(!n||n.locale!==e.locale||n.language!==e.language)&&(this.locale=new ze(e.locale,e.language),this.lang=this.locale.language,this.dir="ltr"),n?.connection!==e.connection&&g(this,Je).call(this),s||this.requestUpdate()}get hass(){return g(this,Me)}connectedCallback(){super.connectedCallback(),$(this,zt,new IntersectionObserver(e=>{$(this,Ot,e.at(-1)?.isIntersecting??!1),g(this,Je).call(this)})),g(this,zt).observe(this),document.addEventListener("visibilitychange",g(this,Je))}disconnectedCallback(){super.disconnectedCallback(),g(this,zt)?.disconnect(),$(this,Ot,!1),document.removeEventListener("visibilitychange",g(this,Je)),g(this,Je).call(this)}get meter(){let e=this.config?.entry_id;return e?g(this,ae)?.list?.find(({entry_id:n})=>n===e):g(this,ae)?.chosen}get meters(){return this.config.entry_id?void 0:g(this,ae)}willUpdate(e){let n=this.meter;if(!n||!g(this,ae)||!g(this,Se).length)return;let s=g(this,ae).feed(n.entry_id),o=[s,...this.otherFeeds()];if(s!==g(this,lt)||o.length!==g(this,Se).length-1){$(this,lt,s);let i=g(this,Se).splice(1);g(this,Se).push(...o.map(a=>a.listen(()=>this.requestUpdate())));for(let a of i)a()}s.live&&g(this,ae).refresh(n.entry_id,`${s.live.state} ${s.quarterHour}`)}render(){if(!this.locale||!this.config)return x;let e=this.meter,n=g(this,lt)??(e&&g(this,ae)?.feed(e.entry_id)),s=n?.live?.state==="unauthorized"||n?.live?.state==="removed",o=e&&n&&!s?this.content(e,n):_(this,qt,ri).call(this,s);return f`<ha-card role="article">${this.config.chooser&&e?this.chooser(e):x}${o}</ha-card>`}chooser(e,n=()=>""){let{meters:s}=this,o=s?.list??[];if(!s||o.length<2)return x;let i=o.map(a=>({id:a.entry_id,name:this.hass?.devices[a.device_id??""]?.name_by_user||ti(a),detail:n(s.feed(a.entry_id))}));return ei(this.locale.common("meter"),i,e.entry_id,a=>s.choose(a))}waiting(e){let s=e?{not_answered:"not_answered",unreadable:"not_answered",not_loaded:"not_read"}[e]??"nothing_yet":"loading";return f`<p class="small" role="status">${this.locale.common(s)}</p>`}text(e,n,s={}){return this.locale.text(e,n,s)}link(e,n){return f`<a href=${e} @click=${s=>_(this,qt,si).call(this,s,e)}>${n}</a>`}moreInfo(e,n,s,o=this.meter?.device_id){let i=Object.values(g(this,Me)?.entities??{}).find(l=>l.platform==="smarty_p1"&&l.translation_key===e&&l.device_id===o);if(!i)return f`${n}`;let a={entityId:i.entity_id};return f`<button class="plain" title=${s} @click=${()=>this.dispatchEvent(new CustomEvent("hass-more-info",{bubbles:!0,composed:!0,detail:a}))}>${n}</button>`}tableButton(){let e=this.isTableShown?"hide_table":"show_table",n=()=>this.isTableShown=!this.isTableShown;return f`<button class="link" aria-expanded=${!!this.isTableShown} @click=${n}>${this.locale.common(e)}</button>`}table(e,n,s){return this.isTableShown?ni(e,n,s()):x}sentence(e,n=""){return Date.now()-g(this,On)>=xd&&($(this,zn,e.replaceAll("**","")),$(this,On,Date.now())),f`<p class="sentence ${n}" aria-live="off">${ge(e)}</p>
      <span class="hidden" aria-live="polite">${g(this,zn)}</span>`}isOld(e,n=60){let s=e.live?.received_at;return!!e.live?.gone||s!=null&&e.now-Date.parse(s)>n*1e3}stamp(e){let n=e.live?.received_at;if(!n)return x;let s=new Date(n),o=this.locale.time(s,!0),i=D(s)===D(new Date(e.now))?o:`${this.locale.shortDay(s)}, ${o}`;return f`<small class="number">${this.isOld(e)?this.locale.common("last",{time:i}):i}</small>`}};Me=new WeakMap,ae=new WeakMap,lt=new WeakMap,Se=new WeakMap,zt=new WeakMap,Ot=new WeakMap,Nn=new WeakMap,zn=new WeakMap,On=new WeakMap,Je=new WeakMap,Wt=new WeakMap,qt=new WeakSet,ri=function(e=!1){let{list:n,error:s}=g(this,ae)??{},o=a=>this.locale.common(a);return n?e||this.config.entry_id?f`<p role="status">${o("not_allowed")}</p>`:f`<h2>${o("no_meter")}</h2>
      ${g(this,Me)?.user?.is_admin?this.link("/config/integrations/dashboard/add?domain=smarty_p1",o("add_meter")):f`<p>${o("not_allowed")}</p>`}`:f`<p class="small" role="status">${o(s?"not_answered":"loading")}</p>`},si=function(e,n){e.ctrlKey||e.metaKey||e.shiftKey||(e.preventDefault(),Ps(n))},P.styles=F,P.properties={config:{state:!0},isTableShown:{state:!0}};function Ps(r){history.pushState(null,"",r),window.dispatchEvent(new CustomEvent("location-changed",{detail:{replace:!1}}))}function fe(){let r=document.querySelector("home-assistant"),t=r?.hass?.locale??{language:navigator.language,number_format:"language",time_format:"language"};return new ze(t,r?.hass?.language)}var oi={en:{name:"Smarty: bill",description:"A month's bill, line by line as on paper",earlier:"Month before",later:"Month after",until:"until {day}, {time}",measured:"{share} measured",so_far:"so far",receive_so_far:"to receive so far",receive:"to receive",forecast:"About **{total}** by {day}",forecast_receive:"About **{total}** to receive by {day}",energy:"Energy",energy_second:"Energy, second price",energy_fee:"Energy, monthly fee",discount:"Discount",network_fixed:"Network, {R}",network_fixed_plain:"Network, fixed part",network_variable:"Network, per kWh",meter:"Meter",surcharge:"Above {R}",surcharge_plain:"Above the reference power",electricity_tax:"Electricity tax",compensation:"Compensation fund",feed_in:"Fed in",unpriced:"Energy without a price",unpriced_fed_in:"Fed in without a price",net:"Net",vat:"VAT",pay:"To pay",to_receive:"To receive",grid_alone:"Grid alone",so_many_days:"{days} of {all} days × {price}",one_month:"1 month × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} on average",price_missing:"price missing",energy_missing:"Enter the price of your energy and the bill adds up here.",other_missing:"A price of this bill is not known. Enter it and the bill adds up here.",enter_prices:"Enter the prices",by_administrator:"An administrator can do that.",no_reference_power:"Which reference power your contract has is on your bill. Once it is entered, the bill adds up here.",enter_reference:"Enter the reference power",nothing_counted:"Nothing has been counted yet. The bill begins with the first quarter-hour.",not_loaded:"The meter is not being read at the moment. The bill is here again as soon as it is.",on_top:"Energy above {R} is priced on top of the network price.",instead:"Energy above {R} bears the surcharge instead of the network price.",without_vat:"Prices and amounts are without VAT.",since:"Counted since {day}; the paper bill has the whole month.",note_unpriced:"{kwh} came while their price was not known: they are not in the amounts.",note_unsplit:"{kwh} have the first price: at which hours they came is not known.",note_shared:"{kwh} came from energy sharing: no energy price and no levies on them.",note_shared_part:"Sharing is known for {known} of {all} so far.",note_less_network:"The operator may charge less for the network.",note_estimated:"{count} of {all} quarter-hours are estimated by the grid operator.",note_platform:"{count} of {all} quarter-hours come from Leneda.",column_line:"Line",column_quantity:"Quantity × price",column_amount:"Amount in €",title:"Bill"},de:{name:"Smarty: Rechnung",description:"Die Rechnung eines Monats, Zeile für Zeile wie auf Papier",earlier:"Monat davor",later:"Monat danach",until:"bis {day}, {time}",measured:"{share} gemessen",so_far:"bisher",receive_so_far:"zu bekommen, bisher",receive:"zu bekommen",forecast:"Etwa **{total}** bis {day}",forecast_receive:"Etwa **{total}** zu bekommen bis {day}",energy:"Energie",energy_second:"Energie, zweiter Preis",energy_fee:"Energieprämie",discount:"Rabatt",network_fixed:"Netz, {R}",network_fixed_plain:"Netz, fester Teil",network_variable:"Netz, je kWh",meter:"Zähler",surcharge:"Über {R}",surcharge_plain:"Über der Referenzleistung",electricity_tax:"Stromsteuer",compensation:"Ausgleichsfonds",feed_in:"Eingespeist",unpriced:"Energie ohne Preis",unpriced_fed_in:"Eingespeist ohne Preis",net:"Netto",vat:"MwSt.",pay:"Zu zahlen",to_receive:"Zu bekommen",grid_alone:"Netz allein",so_many_days:"{days} von {all} Tagen × {price}",one_month:"1 Monat × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} im Mittel",price_missing:"Preis fehlt",energy_missing:"Gib den Preis deiner Energie ein, dann geht die Rechnung hier auf.",other_missing:"Ein Preis dieser Rechnung ist nicht bekannt. Gib ihn ein, dann geht die Rechnung hier auf.",enter_prices:"Preise eingeben",by_administrator:"Das kann ein Administrator.",no_reference_power:"Welche Referenzleistung dein Vertrag hat, steht auf deiner Rechnung. Ist sie eingegeben, steht hier, was du zahlst.",enter_reference:"Referenzleistung eingeben",nothing_counted:"Noch ist nichts gezählt. Die Rechnung beginnt mit der ersten Viertelstunde.",not_loaded:"Der Zähler wird gerade nicht gelesen. Sobald er es wird, steht die Rechnung wieder hier.",on_top:"Energie über {R} kostet den Zuschlag zusätzlich zum Netzpreis.",instead:"Energie über {R} kostet den Zuschlag anstelle des Netzpreises.",without_vat:"Preise und Beträge sind ohne MwSt.",since:"Gezählt seit {day}; die Papierrechnung hat den ganzen Monat.",note_unpriced:"{kwh} kamen, als ihr Preis nicht bekannt war: Sie sind nicht in den Beträgen.",note_unsplit:"{kwh} haben den ersten Preis: Zu welchen Stunden sie kamen, ist nicht bekannt.",note_shared:"{kwh} kamen aus der Energiegemeinschaft: ohne Energiepreis und Abgaben.",note_shared_part:"Vom Teilen bekannt sind bisher {known} von {all}.",note_less_network:"Der Netzbetreiber berechnet vielleicht weniger fürs Netz.",note_estimated:"{count} von {all} Viertelstunden hat der Netzbetreiber geschätzt.",note_platform:"{count} von {all} Viertelstunden kommen von Leneda.",column_line:"Zeile",column_quantity:"Menge × Preis",column_amount:"Betrag in €",title:"Rechnung"},fr:{name:"Smarty : facture",description:"La facture d'un mois, ligne par ligne comme sur papier",earlier:"Mois précédent",later:"Mois suivant",until:"jusqu'au {day}, {time}",measured:"{share} mesuré",so_far:"jusqu'ici",receive_so_far:"à recevoir, jusqu'ici",receive:"à recevoir",forecast:"Environ **{total}** au {day}",forecast_receive:"Environ **{total}** à recevoir au {day}",energy:"Énergie",energy_second:"Énergie, second prix",energy_fee:"Énergie, prime",discount:"Remise",network_fixed:"Réseau, {R}",network_fixed_plain:"Réseau, partie fixe",network_variable:"Réseau, par kWh",meter:"Compteur",surcharge:"Au-dessus de {R}",surcharge_plain:"Au-dessus de la puissance de référence",electricity_tax:"Taxe sur l'électricité",compensation:"Fonds de compensation",feed_in:"Injecté",unpriced:"Énergie sans prix",unpriced_fed_in:"Injecté sans prix",net:"Hors TVA",vat:"TVA",pay:"À payer",to_receive:"À recevoir",grid_alone:"Réseau seul",so_many_days:"{days} jours sur {all} × {price}",one_month:"1 mois × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} en moyenne",price_missing:"prix manquant",energy_missing:"Saisissez le prix de votre énergie, et la facture se complète ici.",other_missing:"Un prix de cette facture n'est pas connu. Saisissez-le, et la facture se complète ici.",enter_prices:"Saisir les prix",by_administrator:"Un administrateur peut le faire.",no_reference_power:"La puissance de référence de votre contrat figure sur votre facture. Une fois saisie, la facture se calcule ici.",enter_reference:"Saisir la puissance de référence",nothing_counted:"Rien n'est encore compté. La facture commence avec le premier quart d'heure.",not_loaded:"Le compteur n'est pas lu en ce moment. La facture réapparaît ici dès qu'il l'est.",on_top:"L'énergie au-dessus de {R} est facturée en plus du prix du réseau.",instead:"L'énergie au-dessus de {R} paie le dépassement à la place du prix du réseau.",without_vat:"Prix et montants sont hors TVA.",since:"Compté depuis le {day} ; la facture papier couvre le mois entier.",note_unpriced:"{kwh} sont arrivés sans prix connu : ils ne sont pas dans les montants.",note_unsplit:"{kwh} ont le premier prix : les heures auxquelles ils sont arrivés ne sont pas connues.",note_shared:"{kwh} viennent du partage d'énergie : ni prix de l'énergie, ni taxes.",note_shared_part:"Le partage est connu pour {known} sur {all} jusqu'ici.",note_less_network:"Le gestionnaire peut facturer moins pour le réseau.",note_estimated:"{count} quarts d'heure sur {all} sont estimés par le gestionnaire de réseau.",note_platform:"{count} quarts d'heure sur {all} viennent de Leneda.",column_line:"Ligne",column_quantity:"Quantité × prix",column_amount:"Montant en €",title:"Facture"},lb:{name:"Smarty: Rechnung",description:"D'Rechnung vun engem Mount, Zeil fir Zeil wéi um Pabeier",earlier:"Mount virdrun",later:"Mount duerno",until:"bis {day}, {time}",measured:"{share} gemooss",so_far:"bis elo",receive_so_far:"ze kréien, bis elo",receive:"ze kréien",forecast:"Ongeféier **{total}** bis {day}",forecast_receive:"Ongeféier **{total}** ze kréien bis {day}",energy:"Energie",energy_second:"Energie, zweete Präis",energy_fee:"Energie, Primm",discount:"Rabatt",network_fixed:"Netz, {R}",network_fixed_plain:"Netz, feste Deel",network_variable:"Netz, pro kWh",meter:"Compteur",surcharge:"Iwwer {R}",surcharge_plain:"Iwwer der Referenzleeschtung",electricity_tax:"Stroumsteier",compensation:"Kompensatiounsfong",feed_in:"Agespeist",unpriced:"Energie ouni Präis",unpriced_fed_in:"Agespeist ouni Präis",net:"Netto",vat:"TVA",pay:"Ze bezuelen",to_receive:"Ze kréien",grid_alone:"Nëmmen d'Netz",so_many_days:"{days} vun {all} Deeg × {price}",one_month:"1 Mount × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} am Duerchschnëtt",price_missing:"Präis feelt",energy_missing:"Gitt de Präis vun Ärer Energie an, da gëtt d'Rechnung hei komplett.",other_missing:"E Präis vun dëser Rechnung ass net bekannt. Gitt en an, da gëtt d'Rechnung hei komplett.",enter_prices:"Präisser aginn",by_administrator:"Dat kann en Administrateur maachen.",no_reference_power:"Wéi eng Referenzleeschtung Äre Kontrakt huet, steet op Ärer Rechnung. Wann se aginn ass, gëtt d'Rechnung hei gerechent.",enter_reference:"Referenzleeschtung aginn",nothing_counted:"Nach ass näischt gezielt. D'Rechnung fänkt mat der éischter Véierelstonn un.",not_loaded:"De Compteur gëtt elo grad net gelies. Soubal en et gëtt, steet d'Rechnung nees hei.",on_top:"Energie iwwer {R} kascht den Zouschlag zousätzlech zum Netzpräis.",instead:"Energie iwwer {R} kascht den Zouschlag amplaz vum Netzpräis.",without_vat:"Präisser a Montanten si ouni TVA.",since:"Gezielt zënter dem {day}; d'Rechnung op Pabeier huet de ganze Mount.",note_unpriced:"{kwh} koumen, wéi hire Präis net bekannt war: Si sinn net an de Montanten.",note_unsplit:"{kwh} hunn den éischte Präis: Zu wéi enge Stonne si koumen, ass net bekannt.",note_shared:"{kwh} koumen aus dem Energiedeelen: ouni Energiepräis an ouni Taxen.",note_shared_part:"Vum Deele bekannt si bis elo {known} vun {all}.",note_less_network:"De Netzbedreiwer rechent vläicht manner fir d'Netz.",note_estimated:"{count} vun {all} Véierelstonnen huet de Netzbedreiwer geschat.",note_platform:"{count} vun {all} Véierelstonne komme vu Leneda.",column_line:"Zeil",column_quantity:"Quantitéit × Präis",column_amount:"Montant an €",title:"Rechnung"},pt:{name:"Smarty: fatura",description:"A fatura de um mês, linha a linha como no papel",earlier:"Mês anterior",later:"Mês seguinte",until:"até {day}, {time}",measured:"{share} medido",so_far:"até agora",receive_so_far:"a receber, até agora",receive:"a receber",forecast:"Cerca de **{total}** até {day}",forecast_receive:"Cerca de **{total}** a receber até {day}",energy:"Energia",energy_second:"Energia, segundo preço",energy_fee:"Energia, mensalidade",discount:"Desconto",network_fixed:"Rede, {R}",network_fixed_plain:"Rede, parte fixa",network_variable:"Rede, por kWh",meter:"Contador",surcharge:"Acima de {R}",surcharge_plain:"Acima da potência de referência",electricity_tax:"Imposto sobre a eletricidade",compensation:"Fundo de compensação",feed_in:"Injetado",unpriced:"Energia sem preço",unpriced_fed_in:"Injetado sem preço",net:"Sem IVA",vat:"IVA",pay:"A pagar",to_receive:"A receber",grid_alone:"Só a rede",so_many_days:"{days} de {all} dias × {price}",one_month:"1 mês × {price}",times:"{quantity} × {price}",times_mean:"{quantity} × {price} em média",price_missing:"preço em falta",energy_missing:"Introduza o preço da sua energia e a fatura fica aqui completa.",other_missing:"Um preço desta fatura não é conhecido. Introduza-o e a fatura fica aqui completa.",enter_prices:"Introduzir os preços",by_administrator:"Um administrador pode fazê-lo.",no_reference_power:"A potência de referência do seu contrato está na sua fatura. Depois de introduzida, a fatura é calculada aqui.",enter_reference:"Introduzir a potência de referência",nothing_counted:"Ainda nada foi contado. A fatura começa com o primeiro quarto de hora.",not_loaded:"O contador não está a ser lido neste momento. A fatura volta a aparecer aqui assim que o for.",on_top:"A energia acima de {R} paga a ultrapassagem além do preço da rede.",instead:"A energia acima de {R} paga a ultrapassagem em vez do preço da rede.",without_vat:"Preços e montantes sem IVA.",since:"Contado desde {day}; a fatura em papel tem o mês inteiro.",note_unpriced:"{kwh} vieram sem preço conhecido: não estão nos montantes.",note_unsplit:"{kwh} têm o primeiro preço: as horas a que vieram não são conhecidas.",note_shared:"{kwh} vieram da partilha de energia: sem preço da energia nem taxas.",note_shared_part:"A partilha é conhecida para {known} de {all} até agora.",note_less_network:"O operador pode cobrar menos pela rede.",note_estimated:"{count} de {all} quartos de hora são estimados pelo operador da rede.",note_platform:"{count} de {all} quartos de hora vêm da Leneda.",column_line:"Linha",column_quantity:"Quantidade × preço",column_amount:"Montante em €",title:"Fatura"}};var re=oi,li=[["energy","energy_second","energy_fee","discount"],["network_fixed","network_variable","meter","surcharge"],["electricity_tax","compensation"]],ii=new Set([...li.flat(),"feed_in"]),$d=.99,Md=5,Sd=6;function It(r){let t=[...r.lines.map(({name:e})=>e),...r.missing??[]];return!r.unpriced_kwh&&!t.some(e=>e==="energy"||e==="energy_second")}var Pt=r=>Date.parse(r.until)<Date.parse(r.end),Hs=r=>z(j(D(new Date(r.end)),-1));function di(r,t){let e=(a,u={})=>t.text(re,a,u),n=It(r),s=n||!!r.missing?.length,o=s?null:r.total,i=new Date(r.until);return{title:Td(t.monthYear(new Date(r.start))),total:o===null?"–":t.number(Math.abs(o),2),label:Rd(r,o,e),until:Pt(r)?e("until",{day:t.shortDay(i),time:t.time(i)}):void 0,measured:e("measured",{share:t.percent(r.measured_share,r.measured_share<1?1:0)}),isWellMeasured:r.measured_share>=$d,sentence:s?e(n?"energy_missing":"other_missing"):Dd(r,t,e),lacksPrice:s,groups:Ad(r,t,e),toPay:{name:e(n&&r.total!==null?"grid_alone":(r.total??0)<0?"to_receive":"pay"),amount:r.total===null?"–":t.cents(Math.abs(r.total))},notes:Ld(r,t,e)}}var Td=r=>r.charAt(0).toUpperCase()+r.slice(1);function Rd(r,t,e){let n=t!==null&&t<0,s=t!==null&&r.estimate!==void 0&&r.estimate.total<0!==n,o=n?e(s?"receive_so_far":"receive"):s?e("so_far"):"";return o?`€ ${o}`:"€"}function Dd(r,t,e){let{estimate:n}=r;if(!Number.isFinite(n?.total)||!n||!Pt(r))return"";let s=t.day(Hs(r)),o=E(n.total);return e(o<0?"forecast_receive":"forecast",{total:t.euros(Math.abs(o)),day:s})}function Ad(r,t,e){let n=r.lines.filter(({name:m})=>m==="network_fixed").length,s=r.reference_kw===null||n>1?void 0:t.referenceKW(r.reference_kw),o=Cd(r,t,e),i=m=>ii.has(m)?e((m==="network_fixed"||m==="surcharge")&&s===void 0?`${m}_plain`:m,s===void 0?{}:{R:s}):m,a=m=>({name:i(m.name),quantity:Number.isFinite(m.quantity)&&Number.isFinite(m.price)?o(m):void 0,amount:Number.isFinite(m.amount)?t.number(m.amount,2):"–",...m.name==="surcharge"?{dot:"excess"}:m.name==="feed_in"?{dot:"fed-in"}:{}}),u=[...It(r)?["energy"]:[],...r.missing??[]],l=m=>[...r.lines.filter(h=>h.name===m).map(a),...u.includes(m)?[{name:i(m),amount:e("price_missing")}]:[]],d=[...new Set([...r.lines.map(({name:m})=>m),...u])].filter(m=>!ii.has(m)),c=[...li,d].map(m=>m.flatMap(l)),p=(m,h)=>m?[{name:e(h),quantity:t.kWh(m),amount:"–"}]:[];return c[0].push(...p(r.unpriced_kwh,"unpriced")),c.push([...Ed(r,t,e),...l("feed_in"),...p(r.unpriced_exported_kwh,"unpriced_fed_in")]),c.filter(m=>m.length)}function Ed({net:r,vat:t,vat_rate:e,lines:n},s,o){if(r===null||t===null||!e)return[];let i=n.filter(({name:a})=>a==="feed_in").reduce((a,{amount:u})=>a+u,0);return[{name:o("net"),amount:s.number(r-i,2)},{name:o("vat"),quantity:s.percent(e,ci(e*100,0,1)),amount:s.number(t,2)}]}function Cd(r,t,e){let n=Math.round((Date.parse(r.end)-Date.parse(r.start))/864e5),s=({unit:p})=>p==="month",o=({quantity:p})=>Math.abs(p-1)<1e-6,i=r.lines.filter(p=>s(p)&&!o(p)),a=r.lines.filter(p=>!s(p)),u=p=>E(p.price,ui(p)),l=i.every(({quantity:p})=>Math.abs(p*n-Math.round(p*n))<.001),d=ai(l?0:1,4,i,(p,m)=>E(p.quantity*n,m)/n*u(p)),c=ai(1,3,a,(p,m)=>E(p.quantity,m)*u(p));return p=>{let m=ui(p),h=t.unit(p.price,"€",m);if(!s(p)){let y=m>Md?"times_mean":"times";return e(y,{quantity:t.unit(p.quantity,p.unit,c),price:h})}return o(p)?e("one_month",{price:h}):e("so_many_days",{days:t.number(p.quantity*n,d),all:n,price:h})}}function ai(r,t,e,n){for(let s=r;s<t;s+=1){let o=i=>Math.abs(Math.abs(E(n(i,s),2))-Math.abs(i.amount))<.005;if(e.every(o))return s}return t}var ui=({unit:r,price:t})=>ci(t,r==="month"?2:4,Sd);function ci(r,t,e){let n=t;for(;n<e&&Math.abs(E(r,n)-r)>1e-9;)n+=1;return n}function Ld(r,t,e){let n=p=>t.kWh(p),{unpriced_kwh:s,unpriced_exported_kwh:o,unsplit_kwh:i,shared_kwh:a,sharing_known_kwh:u}=r,l=r.quarter_hours??0,d=Nd(r),c=r.reference_kw===null?"":t.referenceKW(r.reference_kw);return[r.since?e("since",{day:t.day(new Date(r.since))}):"",s||o?e("note_unpriced",{kwh:n((s??0)+(o??0))}):"",i?e("note_unsplit",{kwh:n(i)}):"",a?e("note_shared",{kwh:n(a)}):"",u!==void 0&&u<r.imported_kwh-.05?e("note_shared_part",{known:n(u),all:n(r.imported_kwh)}):"",r.may_owe_less_network?e("note_less_network"):"",r.platform_quarter_hours?e("note_platform",{count:t.number(r.platform_quarter_hours),all:t.number(l)}):"",r.estimated_quarter_hours?e("note_estimated",{count:t.number(r.estimated_quarter_hours),all:t.number(l)}):"",r.vat_rate===0?e("without_vat"):"",d&&c?e(d,{R:c}):""].filter(p=>p)}function Nd({lines:r,imported_kwh:t}){let e=i=>r.filter(a=>a.name===i).reduce((a,u)=>a+u.quantity,0),n=e("surcharge"),s=e("network_variable"),o=(i,a)=>Math.abs(i-a)<.02;if(!(n<.05||!s))return o(s,t)?"on_top":o(s+n,t)?"instead":void 0}var zd=13;function Sr(r){let{value:t,error:e}=r.get("smarty_p1/bill",{months:zd});return{bills:t?.months.length?t.months:void 0,error:e}}var Tr=(r,t)=>r.find(({month:e})=>e===t.shown.month)??r.at(-1);function Rr(r,t,e){t.show({month:e===r.at(-1)?.month?void 0:e})}var Od={nothing_counted:"nothing_counted",no_reference_power:"no_reference_power",not_loaded:"not_loaded",not_found:"not_loaded"},Dr=r=>Od[r??""];function Wn(r,{entry_id:t},e,n){if(!r.hass?.user?.is_admin)return f`<p class="small">${e.text(re,"by_administrator")}</p>`;let s=`/config/integrations/integration/smarty_p1#config_entry=${t}`;return r.link(s,e.text(re,n))}var dt,ee,mi,Ks,hi,pi,gi,fi,qn=class extends P{constructor(){super(...arguments);w(this,ee);w(this,dt)}getCardSize(){return 9}content(e,n){let{bills:s,error:o}=Sr(n);if(!s)return _(this,ee,fi).call(this,e,o);let i=Tr(s,n),a=s.indexOf(i),u=c=>s[c]&&c>=0?()=>Rr(s,n,s[c].month):void 0,l={earlier:u(a-1),later:u(a+1)},d=_(this,ee,mi).call(this,i);return f`<div @keydown=${c=>Wd(c,l)}>
        ${Mr(d.title,{earlier:this.text(re,"earlier"),later:this.text(re,"later")},l)}
      </div>
      <div class="total">
        <div class="big">${_(this,ee,hi).call(this,i,d)}<small> ${d.label}</small></div>
        <div class="small">
          ${d.until?f`<div>${d.until}</div>`:x}
          <div>${d.isWellMeasured?d.measured:f`<b>${d.measured}</b>`}</div>
        </div>
      </div>
      ${d.sentence?this.sentence(d.sentence):x}
      ${d.lacksPrice?Wn(g(this,ee,Ks),e,this.locale,"enter_prices"):x}
      ${_(this,ee,pi).call(this,d)}
      ${d.notes.length?f`<footer class="small">${d.notes.map(c=>f`<p>${c}</p>`)}</footer>`:x}`}};dt=new WeakMap,ee=new WeakSet,mi=function(e){let{locale:n}=this;return(g(this,dt)?.bill!==e||g(this,dt).locale!==n)&&$(this,dt,{bill:e,locale:n,words:di(e,n)}),g(this,dt).words},Ks=function(){return{hass:this.hass,link:(e,n)=>this.link(e,n)}},hi=function(e,n){return Pt(e)&&!n.lacksPrice?this.moreInfo("cost_total",n.total,n.toPay.name):n.total},pi=function({title:e,groups:n,toPay:s}){return f`<div class="lines" role="table" aria-label=${e}>
      <div class="hidden" role="row">
        ${["column_line","column_quantity","column_amount"].map(i=>f`<span role="columnheader">${this.text(re,i)}</span>`)}
      </div>
      ${n.map(i=>f`<div class="group" role="rowgroup">${i.map(a=>_(this,ee,gi).call(this,a))}</div>`)}
      <div class="row pay" role="row">
        <span role="rowheader">${s.name}</span>
        <span class="amount number" role="cell">${s.amount}</span>
      </div>
    </div>`},gi=function({name:e,quantity:n,amount:s,dot:o}){let i=/\d/.test(s);return f`<div class="row" role="row">
      <span role="rowheader">${o?f`<span class="dot ${o}"></span>`:x}${e}</span>
      ${n?f`<span class="quantity small" role="cell">${n}</span>`:x}
      <span class="amount number ${i?"":"quiet"}" role="cell">${s}</span>
    </div>`},fi=function(e,n){let s=Dr(n);return f`<h2>${this.text(re,"title")}</h2>
      ${s?f`<p role="status">${this.text(re,s)}</p>`:this.waiting(n)}
      ${s==="no_reference_power"?Wn(g(this,ee,Ks),e,this.locale,"enter_reference"):x}`},qn.styles=[F,O`
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
    `];function Wd(r,t){let e={ArrowLeft:t.earlier,ArrowRight:t.later}[r.key];e&&(r.preventDefault(),e())}function _i({amounts:r},t,e){let n=0;return[0,...r.slice(t-1,e).map(s=>n+=s??0)]}function yi({month:r,first:t,last:e,reference:n}){let s=Math.max(r.length,n?.length??0),o=e>=t?_i(r,t,e):[],i=n?.isWhole.indexOf(!1)??0,a=i<0?n.length:i,u=n?_i(n,1,a):[],l=Math.max(...o,...u)||1,d=(b,k)=>({x:b/s*100,y:100-k/l*100}),c=({x:b,y:k})=>`${Number(b.toFixed(2))} ${Number(k.toFixed(2))}`,p="",m="",h;o.forEach((b,k)=>{if(!k)return;let S=t-1+k,[R,T]=[d(S-1,o[k-1]),d(S,b)];if(!r.isWhole[S-1]){h&&(m+=`L${c({x:R.x,y:100})}Z`),h=void 0;return}h||(p+=`M${c(R)}`,m+=`M${c({x:R.x,y:100})}L${c(R)}`,h=R),p+=`L${c(T)}`,m+=`L${c(T)}`,k===o.length-1&&(m+=`L${c({x:T.x,y:100})}Z`)});let y=u.map((b,k)=>`${k?"L":"M"}${c(d(k,b))}`).join(""),v=u.at(-1)??0;return{own:p,area:m,reference:a?y:"",dot:o.length>1?d(e,o.at(-1)):void 0,end:n&&a?{...d(a,v),total:i<0?v:void 0}:void 0,ticks:[1,7,14,21,28].map(b=>({day:b,x:b/s*100})),days:s}}var Vs={en:{name:"Smarty: gas, water, heat",description:"What one of the other meters counts, today and this month",device:"Gas, water or heat meter",gas:"Gas",water:"Water",cold_water:"Cold water",hot_water:"Hot water",very_hot_water:"Very hot water",waste_water:"Waste water",heat:"Heat",heat_inlet:"Heat (inlet)",heat_cooling:"Heat and cooling",cooling:"Cooling",cooling_inlet:"Cooling (inlet)",compressed_air:"Compressed air",electricity:"Electricity",heat_cost_allocator:"Heat cost allocator",garbage:"Waste",unknown:"M-Bus meter",today:"{unit} today",more:"{month}: **{share} more** than in {reference} by the {day}",less:"{month}: **{share} less** than in {reference} by the {day}",same:"{month}: **as much as** in {reference} by the {day}",times:"{month}: **{times} times as much** as in {reference} by the {day}",at_least:"at least {sum}",since:"Since {since}: **{sum}** by the {day}",not_compared:"{month}: **{sum}** by the {day}. Too little of {reference} is known to compare.",before:"{reference}: **{sum}**",first_days:"Counted here since {since}; the month is summed up from the first whole day on.",silent:"No reading since {time}.",index_only:"Index **{index}**, read at {time}. The next readings tell what a day takes.",nothing_read:"No reading yet. Such a meter is read about once an hour.",not_there:"This meter is not on the M-Bus (any more).",no_media:"No gas, water or heat meter is on the M-Bus.",own:"Today {amount}",own_gas:"Today {amount}, at {factor}",index:"Index {index}",enter_factor:"Show it in kWh",night_none:"Last night {range}: 0 L, no sign of a leak",night_pauses:"Last night {range}: {litres}, with pauses: no sign of a leak",night_steady:"Last night {range}: {litres}, some in every hour",nights_steady:"**Water ran in every hour of {count} nights.** Last night {range}: {litres}",day:"Day",so_far:"{day} (so far)",both:"{month}: **{sum}** by the {day}; in {reference} {before}",partly:"{month}: **at least {sum}** by the {day}. Not every day is known as a whole, so nothing is compared.",unknown_hours:"{hours} of today are not known"},de:{name:"Smarty: Gas, Wasser, Wärme",description:"Was ein anderer Zähler zählt, heute und diesen Monat",device:"Zähler von Gas, Wasser oder Wärme",gas:"Gas",water:"Wasser",cold_water:"Kaltwasser",hot_water:"Warmwasser",very_hot_water:"Heißwasser",waste_water:"Abwasser",heat:"Wärme",heat_inlet:"Wärme (Vorlauf)",heat_cooling:"Wärme und Kälte",cooling:"Kälte",cooling_inlet:"Kälte (Vorlauf)",compressed_air:"Druckluft",electricity:"Strom",heat_cost_allocator:"Heizkostenverteiler",garbage:"Abfall",unknown:"M-Bus-Zähler",today:"{unit} heute",more:"{month}: **{share} mehr** als im {reference} bis zum {day}",less:"{month}: **{share} weniger** als im {reference} bis zum {day}",same:"{month}: **so viel wie** im {reference} bis zum {day}",times:"{month}: **{times}-mal so viel** wie im {reference} bis zum {day}",at_least:"mindestens {sum}",since:"Seit {since}: **{sum}** bis zum {day}",not_compared:"{month}: **{sum}** bis zum {day} Vom {reference} ist zu wenig bekannt, um zu vergleichen.",before:"{reference}: **{sum}**",first_days:"Hier gezählt seit {since}; der Monat wird ab dem ersten ganzen Tag summiert.",silent:"Kein Zählerstand seit {time}.",index_only:"Zählerstand **{index}**, gelesen um {time}. Die nächsten Stände zeigen, was ein Tag braucht.",nothing_read:"Noch kein Zählerstand. Ein solcher Zähler wird etwa einmal in der Stunde gelesen.",not_there:"Dieser Zähler ist nicht (mehr) am M-Bus.",no_media:"Am M-Bus ist kein Gas-, Wasser- oder Wärmezähler.",own:"Heute {amount}",own_gas:"Heute {amount}, mit {factor}",index:"Zählerstand {index}",enter_factor:"In kWh zeigen",night_none:"Letzte Nacht {range}: 0 L, kein Anzeichen eines Lecks",night_pauses:"Letzte Nacht {range}: {litres}, mit Pausen: kein Anzeichen eines Lecks",night_steady:"Letzte Nacht {range}: {litres}, in jeder Stunde etwas",nights_steady:"**In {count} Nächten lief in jeder Stunde Wasser.** Letzte Nacht {range}: {litres}",day:"Tag",so_far:"{day} (bisher)",both:"{month}: **{sum}** bis zum {day}; im {reference} {before}",partly:"{month}: **mindestens {sum}** bis zum {day} Nicht jeder Tag ist ganz bekannt, darum kein Vergleich.",unknown_hours:"{hours} von heute sind nicht bekannt"},fr:{name:"Smarty : gaz, eau, chaleur",description:"Ce que compte un autre compteur, aujourd'hui et ce mois-ci",device:"Compteur de gaz, d'eau ou de chaleur",gas:"Gaz",water:"Eau",cold_water:"Eau froide",hot_water:"Eau chaude",very_hot_water:"Eau très chaude",waste_water:"Eaux usées",heat:"Chaleur",heat_inlet:"Chaleur (aller)",heat_cooling:"Chaleur et froid",cooling:"Froid",cooling_inlet:"Froid (aller)",compressed_air:"Air comprimé",electricity:"Électricité",heat_cost_allocator:"Répartiteur de chauffage",garbage:"Déchets",unknown:"Compteur M-Bus",today:"{unit} aujourd'hui",more:"{month} : **{share} de plus** qu'en {reference} au {day}",less:"{month} : **{share} de moins** qu'en {reference} au {day}",same:"{month} : **autant** qu'en {reference} au {day}",times:"{month} : **{times} fois plus** qu'en {reference} au {day}",at_least:"au moins {sum}",since:"Depuis le {since} : **{sum}** au {day}",not_compared:"{month} : **{sum}** au {day}. Trop peu de données en {reference} pour comparer.",before:"{reference} : **{sum}**",first_days:"Compté ici depuis le {since} ; la somme du mois commence au premier jour entier.",silent:"Aucun relevé depuis le {time}.",index_only:"Index **{index}**, relevé à {time}. Les prochains relevés diront ce que prend un jour.",nothing_read:"Pas encore de relevé. Un tel compteur est relevé environ une fois par heure.",not_there:"Ce compteur n'est pas (ou plus) sur le M-Bus.",no_media:"Aucun compteur de gaz, d'eau ou de chaleur sur le M-Bus.",own:"Aujourd'hui {amount}",own_gas:"Aujourd'hui {amount}, à {factor}",index:"Index {index}",enter_factor:"Afficher en kWh",night_none:"Cette nuit, {range} : 0 L, pas de signe de fuite",night_pauses:"Cette nuit, {range} : {litres}, avec des pauses : pas de signe de fuite",night_steady:"Cette nuit, {range} : {litres}, un peu à chaque heure",nights_steady:"**L'eau a coulé à chaque heure de {count} nuits.** Cette nuit, {range} : {litres}",day:"Jour",so_far:"{day} (jusqu'ici)",both:"{month} : **{sum}** au {day} ; en {reference}, {before}",partly:"{month} : **au moins {sum}** au {day}. Tous les jours ne sont pas connus en entier : pas de comparaison.",unknown_hours:"{hours} d'aujourd'hui ne sont pas connues"},lb:{name:"Smarty: Gas, Waasser, Wäermt",description:"Wat en anere Compteur zielt, haut an dëse Mount",device:"Compteur vu Gas, Waasser oder Wäermt",gas:"Gas",water:"Waasser",cold_water:"Kaalt Waasser",hot_water:"Waarmt Waasser",very_hot_water:"Heesst Waasser",waste_water:"Ofwaasser",heat:"Wäermt",heat_inlet:"Wäermt (Virlaf)",heat_cooling:"Wäermt a Keelt",cooling:"Keelt",cooling_inlet:"Keelt (Virlaf)",compressed_air:"Drockloft",electricity:"Stroum",heat_cost_allocator:"Heizkäschteverdeeler",garbage:"Offall",unknown:"M-Bus-Compteur",today:"{unit} haut",more:"{month}: **{share} méi** wéi am {reference} bis den {day}",less:"{month}: **{share} manner** wéi am {reference} bis den {day}",same:"{month}: **sou vill wéi** am {reference} bis den {day}",times:"{month}: **{times}-mol sou vill** wéi am {reference} bis den {day}",at_least:"op d'mannst {sum}",since:"Zënter dem {since}: **{sum}** bis den {day}",not_compared:"{month}: **{sum}** bis den {day} Vum {reference} ass ze wéineg bekannt fir ze vergläichen.",before:"{reference}: **{sum}**",first_days:"Hei gezielt zënter dem {since}; de Mount gëtt vum éischte ganzen Dag un zesummegezielt.",silent:"Keen Zielerstand zënter dem {time}.",index_only:"Zielerstand **{index}**, gelies um {time}. Déi nächst Stänn weisen, wat en Dag brauch.",nothing_read:"Nach keen Zielerstand. Sou e Compteur gëtt ongeféier eemol an der Stonn gelies.",not_there:"Dëse Compteur ass net (méi) um M-Bus.",no_media:"Um M-Bus ass kee Gas-, Waasser- oder Wäermtcompteur.",own:"Haut {amount}",own_gas:"Haut {amount}, mat {factor}",index:"Zielerstand {index}",enter_factor:"A kWh weisen",night_none:"Lescht Nuecht {range}: 0 L, keen Zeeche vun engem Leck",night_pauses:"Lescht Nuecht {range}: {litres}, mat Pausen: keen Zeeche vun engem Leck",night_steady:"Lescht Nuecht {range}: {litres}, an all Stonn eppes",nights_steady:"**An {count} Nuechten ass an all Stonn Waasser gelaf.** Lescht Nuecht {range}: {litres}",day:"Dag",so_far:"{day} (bis elo)",both:"{month}: **{sum}** bis den {day}; am {reference} {before}",partly:"{month}: **op d'mannst {sum}** bis den {day} Net all Dag ass ganz bekannt, dofir kee Verglach.",unknown_hours:"{hours} vun haut sinn net bekannt"},pt:{name:"Smarty: gás, água, calor",description:"O que outro contador conta, hoje e este mês",device:"Contador de gás, água ou calor",gas:"Gás",water:"Água",cold_water:"Água fria",hot_water:"Água quente",very_hot_water:"Água muito quente",waste_water:"Águas residuais",heat:"Calor",heat_inlet:"Calor (ida)",heat_cooling:"Calor e frio",cooling:"Frio",cooling_inlet:"Frio (ida)",compressed_air:"Ar comprimido",electricity:"Eletricidade",heat_cost_allocator:"Repartidor de custos de calor",garbage:"Resíduos",unknown:"Contador M-Bus",today:"{unit} hoje",more:"{month}: **{share} mais** do que em {reference} até dia {day}",less:"{month}: **{share} menos** do que em {reference} até dia {day}",same:"{month}: **tanto como** em {reference} até dia {day}",times:"{month}: **{times} vezes mais** do que em {reference} até dia {day}",at_least:"pelo menos {sum}",since:"Desde {since}: **{sum}** até dia {day}",not_compared:"{month}: **{sum}** até dia {day}. Sabe-se pouco de {reference} para comparar.",before:"{reference}: **{sum}**",first_days:"Contado aqui desde {since}; o mês soma-se a partir do primeiro dia completo.",silent:"Nenhuma leitura desde {time}.",index_only:"Leitura **{index}**, às {time}. As próximas leituras dirão o que um dia gasta.",nothing_read:"Ainda sem leitura. Um contador destes é lido cerca de uma vez por hora.",not_there:"Este contador não está (ou já não está) no M-Bus.",no_media:"Nenhum contador de gás, água ou calor no M-Bus.",own:"Hoje {amount}",own_gas:"Hoje {amount}, a {factor}",index:"Leitura {index}",enter_factor:"Mostrar em kWh",night_none:"Esta noite, {range}: 0 L, sem sinal de fuga",night_pauses:"Esta noite, {range}: {litres}, com pausas: sem sinal de fuga",night_steady:"Esta noite, {range}: {litres}, um pouco em cada hora",nights_steady:"**Correu água em todas as horas de {count} noites.** Esta noite, {range}: {litres}",day:"Dia",so_far:"{day} (até agora)",both:"{month}: **{sum}** até dia {day}; em {reference}, {before}",partly:"{month}: **pelo menos {sum}** até dia {day}. Nem todos os dias são conhecidos por inteiro: sem comparação.",unknown_hours:"{hours} de hoje não são conhecidas"}};var te=Vs,Id=3,Pd=2.5,Hd={Wh:.001,kWh:1,MWh:1e3,MJ:1/3.6,GJ:1e3/3.6},Kd=new Date("2026-01-15T01:00:00Z"),Vd=new Date("2026-01-15T04:00:00Z"),bi={gas:"gas",water:"water",cold_water:"water",hot_water:"water",very_hot_water:"water",heat:"heat",heat_inlet:"heat",heat_cooling:"heat",cooling:"cooling",cooling_inlet:"cooling"},Kt=r=>Object.hasOwn(bi,r)?bi[r]:"other",vi=r=>["gas","heat","cooling"].includes(Kt(r)),xi=(r,t)=>t.text(te,Object.hasOwn(Vs.en,r)?r:"unknown");function js(r,t,e,n){let s={unit:(t??"").slice(0,12).replace(/^m3$/,"m³"),factor:1,decimals:3},o=t==="m3"&&r==="gas"?e:Hd[t??""];if(o&&Number.isFinite(o)&&o>0){let i=n*o<10&&t!=="GJ"?1:0,a={unit:"kWh",factor:o,decimals:i};return{day:a,month:a,own:{...s,decimals:t==="m3"?2:3}}}return t==="m3"&&(Kt(r)==="water"||r==="waste_water")?{day:{unit:"L",factor:1e3,decimals:0},month:{...s,decimals:1},own:s}:{day:{...s,decimals:2},month:{...s,decimals:1},own:s}}var Xe=(r,{unit:t,factor:e,decimals:n},s)=>t?s.unit(r*e,t,n):s.number(r*e,n);function Ar(r,{day:t,month:e},n){return Xe(r,r*e.factor<1?t:e,n)}function jd(r,{language:t}){if(t==="fr"&&r===1)return"1er";if(t==="de"||t==="lb")return`${r}.`;if(t!=="en")return String(r);let e=r>10&&r<14;return`${r}${!e&&["th","st","nd","rd"][r%10]||"th"}`}var ct=(r,t=1)=>z(`${r}-${String(t).padStart(2,"0")}`);function Ht(r,t,e){return Math.abs(Date.parse(`${r}-01`)-Date.parse(`${t.slice(0,7)}-01`))<1728e7?e.month(ct(r)):e.monthYear(ct(r))}var wi=r=>r.charAt(0).toLocaleUpperCase()+r.slice(1);function ki(r,t,e,n,s){let{month:o,first:i,last:a,missing:u,sum:l,reference:d,referenceSum:c}=r,p=(R,T={})=>s.text(te,R,T),m=R=>Ar(R,t,s),h={month:wi(s.month(ct(o.month))),day:jd(a,s),sum:m(l)};if(n.endsWith("-01")){if(!d?.isWhole.every(Boolean))return"";let R=d.amounts.reduce((T,N)=>T+(N??0),0);return p("before",{...h,reference:wi(Ht(d.month,n,s)),sum:m(R)})}if(u>0&&a)return p("partly",h);if(!a)return e.startsWith(o.month)?p("first_days",{since:s.day(z(e))}):"";if(i>1)return p("since",{...h,since:s.day(ct(o.month,i))});if(!d){let R=new Date(ct(o.month).getTime()-864e5);return p("not_compared",{...h,reference:s.month(R)})}let y=Ht(d.month,n,s),v={...h,reference:y,before:m(c)},b=R=>E(R*t.day.factor,t.day.decimals)===0;if(b(l)||b(c))return p("both",v);let k=l/c;if(k>=Pd)return p("times",{...v,times:s.number(k,k<10?1:0)});let S=E((k-1)*100);return Math.abs(S)<Id?p("same",v):p(S>0?"more":"less",{...v,share:s.percent(Math.abs(S)/100)})}function $i({litres:r,isSteady:t,steadyNights:e},n){let s={range:n.timeRange(Kd,Vd),litres:n.unit(r,"L"),count:n.number(e)},o=r?t?e>2?"nights_steady":"night_steady":"night_pauses":"night_none";return n.text(te,o,s)}function Mi({days:r,drawing:t,label:e,sentence:n},s,o){let{standing:i,units:a,today:u}=r,{dot:l,end:d,ticks:c}=t,p=Ar(i.sum,a,o),m=i.missing?o.text(te,"at_least",{sum:p}):p,h=(l?.x??0)<50,y=s.index===void 0?void 0:s.index+1,v=({x:b,y:k})=>`left:${b}%;top:${k}%`;return f`<div class="chart">
    <div
      class="plot"
      role="slider"
      tabindex="0"
      aria-label=${e}
      aria-valuemin="1"
      aria-valuemax=${t.days}
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
        <path class="area" d=${t.area}></path>
        <path class="reference" d=${t.reference}></path>
        <path class="own" d=${t.own}></path>
      </svg>
      ${y?f`<span class="at chosen" style="left:${(y-.5)/t.days*100}%"></span>`:x}
      ${l?f`<span class="at point" style=${v(l)}></span>
            <b class="at value ${h?"right":""}" style="${v(l)};max-width:${h?100-l.x:l.x}%">${m}</b>`:x}
      ${c.map(b=>f`<small class="at tick" style="left:${b.x}%">${b.day}</small>`)}
    </div>
    ${d?f`<div class="side">
          <small style="top:clamp(18px,${d.y}%,100% - 18px)"
            >${Ht(i.reference.month,u,o)}
            ${d.total===void 0?x:f`<br />${Ar(d.total,a,o)}`}</small
          >
        </div>`:x}
  </div>`}var Si={gas:"mdi:fire",water:"mdi:water",cold_water:"mdi:water",hot_water:"mdi:water-boiler",very_hot_water:"mdi:water-boiler",waste_water:"mdi:pipe",heat:"mdi:radiator",heat_inlet:"mdi:radiator",heat_cooling:"mdi:sun-snowflake-variant",cooling:"mdi:snowflake",cooling_inlet:"mdi:snowflake",compressed_air:"mdi:gauge",electricity:"mdi:flash",heat_cost_allocator:"mdi:radiator",garbage:"mdi:trash-can-outline"},Ri=r=>Object.hasOwn(Si,r)?Si[r]:"mdi:counter",Ti=r=>`color-mix(in srgb, ${r} 65%, var(--primary-text-color))`;function Di(r,t){switch(Kt(r)){case"gas":return Ti("var(--energy-gas-color, #8e021b)");case"water":return Ti("var(--energy-water-color, #00bcd4)");case"heat":return t?"#e08a55":"#c4622d";default:return"var(--secondary-text-color)"}}var Ai=O`
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
`;var Ud=.9,Fd=2,Gd=1e9,Zd=[2,3,4],Ei=3,Er=r=>typeof r=="number"&&r>=0&&r<Gd?r:null;function Cr({days:r},t){let e=`${t}-01`,n=Math.round((Date.parse(`${U(t,1)}-01`)-Date.parse(e))/864e5),s=r?Math.round((Date.parse(e)-Date.parse(r.start))/864e5):0,o=[...Array(n).keys()].map(u=>u+s),i=o.map(u=>Er(r?.amounts[u])),a=o.map((u,l)=>i[l]!==null&&(r?.known[u]??0)>=Ud);return{month:t,length:n,amounts:i,isWhole:a}}var Qd=({isWhole:r},t)=>r.slice(0,t).every(Boolean);function Ci({amounts:r},t,e){return r.slice(t-1,e).reduce((n,s)=>n+(s??0),0)}function Li(r,t,e){let n=t.slice(0,7),s=Cr(r,n),o=Number(t.slice(8))-1,i=s.isWhole.slice(0,o),a=r.days?.start.startsWith(n)??!1,u=i.lastIndexOf(!0)+1,l=a?u?i.indexOf(!0)+1:o+1:1,d=o-u>Fd,c=i.slice(l-1,d?o:u).filter(v=>!v).length,p=[...e&&u?[-12]:[],-1].map(v=>Cr(r,U(n,v))),h=c===0&&(l===1||!o)?p.find(v=>v.isWhole[0]&&Qd(v,Math.min(u,v.length))):void 0,y=h?Math.min(u,h.length):u;return{month:s,first:l,last:y,missing:c,sum:Ci(s,l,y),reference:h,referenceSum:h?Ci(h,1,y):0}}function Ni(r,t,e){let{days:n,index:s,time:o,unit:i}=r,a=n?Math.round((Date.parse(t)-Date.parse(n.start))/864e5):-1,u=Er(n?.amounts[a]);if(typeof e?.index!="number"||s===null||o===null||!e.time||e.unit!==i)return u;let l=Date.parse(o),d=Date.parse(e.time)-l,p=l>=z(t).getTime()&&d>0&&d<=3*36e5?Er(e.index-s):null;return p===null?u:(u??0)+p}function zi({hours:r},t){let e=[...Array(Ei).keys()].map(i=>Yd(r,j(t,-i))),[n]=e;if(!n)return;let s=e.findIndex(i=>!i?.every(a=>a>0)),o=s<0?Ei:s;return{litres:n.reduce((i,a)=>i+a,0),isSteady:o>0,steadyNights:o}}function Yd(r,t){if(!r)return;let e=z(t).getTime(),s=[1,2,3,4,5].map(o=>e+o*36e5).filter(o=>Zd.includes(ne(new Date(o)).hour)).map(o=>Er(r.values[Math.round((o-Date.parse(r.start))/36e5)]));return s.every(o=>o!==null)?s:void 0}var In,mt,ht,et,Pn,Bs,Te=class{constructor(t,e){w(this,Pn);w(this,In);w(this,mt);w(this,ht,!1);w(this,et);this.down=t=>{$(this,ht,!0),$(this,et,this.index),t.currentTarget.setPointerCapture?.(t.pointerId),_(this,Pn,Bs).call(this,t)};this.move=t=>{(g(this,ht)||t.pointerType==="mouse")&&_(this,Pn,Bs).call(this,t)};this.up=t=>{$(this,ht,!1),t.type==="pointerup"&&this.index!==void 0&&this.index===g(this,et)&&g(this,mt).call(this).open?.(this.index)};this.leave=t=>{t.pointerType==="mouse"&&!g(this,ht)&&this.choose(void 0)};this.key=t=>{let{count:e,column:n=1,open:s}=g(this,mt).call(this),o=this.index,i=l=>{let d=o+l,c=Math.abs(l)<n&&Math.floor(d/n)!==Math.floor(o/n);return d<0||d>=e||c?o:d},u={ArrowLeft:o===void 0?e-1:i(-n),ArrowRight:o===void 0?0:i(n),ArrowUp:n>1&&o!==void 0?i(1):void 0,ArrowDown:n>1&&o!==void 0?i(-1):void 0,Home:0,End:e-1}[t.key];if(t.key==="Escape")this.choose(void 0);else if(t.key==="Enter"&&o!==void 0&&s)s(o);else if(u!==void 0&&e)this.choose(Math.max(0,Math.min(e-1,u)));else return;t.preventDefault()};$(this,In,t),$(this,mt,e),t.addController(this)}hostConnected(){this.index=void 0}choose(t){t!==this.index&&(this.index=t,g(this,In).requestUpdate())}};In=new WeakMap,mt=new WeakMap,ht=new WeakMap,et=new WeakMap,Pn=new WeakSet,Bs=function(t){let e=t.currentTarget.getBoundingClientRect(),[n,s]=[t.clientX-e.left,t.clientY-e.top],{at:o,middle:i}=g(this,mt).call(this);if(i&&g(this,et)!==void 0&&t.pointerType!=="mouse"){let[a,u]=i(g(this,et));if(Math.hypot(a*e.width-n,u*e.height-s)<22)return this.choose(g(this,et))}this.choose(o(n/e.width,s/e.height))};var Jd=r=>r.replaceAll("**",""),Xd=r=>r.charAt(0).toLocaleUpperCase()+r.slice(1);function Oi({standing:r,units:t,today:e,amount:n},s,o){let i=(m,h)=>o.text(te,m,h),{month:a,reference:u}=r,l=Number(e.slice(8)),d=(m,h)=>{let y=h?n:m.amounts[s-1]??null,v=y===null?"–":Xe(y,t.day,o),b=o.day(ct(m.month,s)),k=y===null||h||m.isWhole[s-1]?v:i("at_least",{sum:v});return`**${h?i("so_far",{day:b}):b}** ${k}`},c=s<=l?d(a,s===l):"",p=u&&s<=u.length?d(u,!1):"";return[c,c?Jd(p):p].filter(Boolean).join(" · ")}function Wi({history:r,standing:t,units:e,today:n,amount:s},o){let{month:i,reference:a}=t,u=Cr(r,U(i.month,-1)),l=a&&a.month!==u.month,d=Number(n.slice(8)),c=[i,u,...l?[a]:[]],p=c.map(h=>{let y=h===i,v=h.amounts.map((T,N)=>y&&N+1>=d?null:T),{factor:b,decimals:k,unit:S}=e.day,R=Lt(v.map(T=>(T??0)*b),k);return v.map((T,N)=>{if(y&&N+1===d)return s===null?"–":o.text(te,"so_far",{day:Xe(s,e.day,o)});if(T===null)return y&&N+1>d?"":"–";let H=S?o.unit(R[N],S,k):o.number(R[N],k);return h.isWhole[N]?H:`≥ ${H}`})}),m=Math.max(...c.map(({length:h})=>h));return{head:[o.text(te,"day"),...c.map(h=>Xd(Ht(h.month,n,o)))],rows:[...Array(m).keys()].map(h=>[String(h+1),...p.map(y=>y[h]??"")])}}function qi(r,t,e){let{history:n,units:s,night:o,amount:i}=r,a=(d,c)=>e.text(te,d,c);if(o)return{text:$i(o,e),isWarning:o.steadyNights>2};let u=[];if(s.day.factor!==1&&s.day.unit==="kWh"&&i!==null){let d=Xe(i,s.own,e),c=e.unit(s.day.factor,"kWh/m³",2);u.push(n.unit==="m3"?a("own_gas",{amount:d,factor:c}):a("own",{amount:d}))}else t!==null&&u.push(a("index",{index:Xe(t,{...s.own,decimals:3},e)}));let l=ec(r);return l&&u.push(a("unknown_hours",{hours:e.unit(l,"h")})),{text:u.join(" · "),isWarning:!1}}function ec({history:{days:r},today:t,time:e}){if(!r||!e||r.start===t)return 0;let n=z(t).getTime(),s=z(j(t,1)).getTime()-n,o=Math.round((Date.parse(t)-Date.parse(r.start))/864e5),i=(r.known[o]??0)*s,a=(Math.min(e.getTime(),n+s)-n-i)/36e5;return a>=1.5?E(a):0}var tc=3*36e5,nc=48*36e5,Vt,Kn,I,pt,Ii,Lr,Pi,Hi,Ki,Vi,ji,Hn=class extends P{constructor(){super(...arguments);w(this,I);w(this,Vt);w(this,Kn,new Te(this,()=>{let e=g(this,Vt)?.drawing.days??0;return{count:e,at:n=>Math.max(0,Math.min(e-1,Math.floor(n*e)))}}))}static getConfigForm(){let e="smarty_p1",n={entry_id:fe().common("meter"),device:fe().text(te,"device")};return{schema:[{name:"entry_id",selector:{config_entry:{integration:e}}},{name:"device",selector:{device:{filter:[{integration:e,model:"M-Bus meter"}]}}}],computeLabel:({name:s})=>n[s]}}setConfig(e){super.setConfig(e);for(let n of["meter","device"]){let s=e[n];if(s!=null&&typeof s!="string")throw new Error(`${n}: an id, as text`)}}get meter(){let{device:e}=this.config,n=({media:s})=>s.some(({device_id:o})=>o===e);return(e?this.meters?.list?.find(n):void 0)??super.meter}content(e,n){let s=n.get("smarty_p1/media",{});if(n.live?.state==="unauthorized"||s.error==="unauthorized")return f`<p role="status">${this.locale.common("not_allowed")}</p>`;let o=s.value?.media??[],{device:i,meter:a}=this.config,u=i?e.media.find(({device_id:b})=>b===i)?.meter:void 0,l=i?u:a??(e.media[0]??o[0])?.meter,d=e.media.find(b=>b.meter===l),c=o.find(b=>b.meter===l);if(!d&&!c){if(!s.value&&!s.error)return this.waiting();if(!s.value)return this.waiting(s.error);let b=e.state!=="receiving"?"nothing_read":i||a?"not_there":"no_media";return f`<p role="status">${_(this,I,pt).call(this,b)}</p>`}let p=n.live?.media?.[String(l)],m=c??{...d,index:p?.index??null,time:p?.time??null,days:null,hours:null},h=[p?.time,m.time].map(b=>Date.parse(b??"")).filter(Number.isFinite),y={name:_(this,I,Ii).call(this,e,m,d?.device_id),deviceId:d?.device_id??null,history:m,newer:p,time:h.length?new Date(Math.max(...h)):void 0,today:D(new Date)},v=Di(m.type,!!this.hass?.themes?.darkMode);return f`<div class="all" style="--medium:${v}">
      <header>
        <h2><ha-icon icon=${Ri(m.type)}></ha-icon><span>${y.name}</span></h2>
        ${_(this,I,Pi).call(this,y)}
      </header>
      ${m.days?_(this,I,Vi).call(this,y):c||s.error?_(this,I,Hi).call(this,y):this.waiting()}
    </div>`}};Vt=new WeakMap,Kn=new WeakMap,I=new WeakSet,pt=function(e,n={}){return this.text(te,e,n)},Ii=function(e,{type:n,meter:s},o){let i=o?this.hass?.devices[o]?.name_by_user:void 0,a=xi(n,this.locale);return i||(e.media.filter(u=>u.type===n).length>1?`${a} ${s.slice(-4)}`:a)},Lr=function(e,n){let s=this.locale.time(e);return D(e)===n?s:`${this.locale.shortDay(e)}, ${s}`},Pi=function({time:e,today:n}){if(!e)return x;let s=_(this,I,Lr).call(this,e,n),o=Date.now()-e.getTime()>tc;return f`<small class="number">${o?this.locale.common("last",{time:s}):s}</small>`},Hi=function({history:e,newer:n,time:s,today:o}){let i=n?.index??e.index;if(i===null||!s)return f`<p class="sentence">${_(this,I,pt).call(this,"nothing_read")}</p>`;let{own:a}=js(e.type,e.unit,null,0),u={index:Xe(i,a,this.locale),time:_(this,I,Lr).call(this,s,o)};return f`<p class="sentence">${ge(_(this,I,pt).call(this,"index_only",u))}</p>`},Ki=function({history:e,today:n}){let s=g(this,Vt);if(s?.days!==e.days||s?.today!==n){let o=Li(e,n,vi(e.type)),i=[...o.month.amounts,...o.reference?.amounts??[]],a=Math.max(0,...i.map(d=>d??0)),u=js(e.type,e.unit,e.kwh_per_m3,a),l=Kt(e.type)==="water"?zi(e,n):void 0;$(this,Vt,s={days:e.days,today:n,standing:o,units:u,night:l,drawing:yi(o)})}return s},Vi=function(e){let{history:n,newer:s,name:o,deviceId:i,time:a,today:u}=e,{standing:l,units:d,night:c,drawing:p}=_(this,I,Ki).call(this,e),m=Ni(n,u,s),h=m!==null&&m*d.day.factor>=1e5?d.month:d.day,y=m===null?"–":this.locale.number(m*h.factor,h.decimals),v={history:n,standing:l,units:d,night:c,today:u,amount:m,time:a},b=a&&Date.now()-a.getTime()>nc?_(this,I,pt).call(this,"silent",{time:_(this,I,Lr).call(this,a,u)}):ki(l,d,n.days.start,u,this.locale),k=g(this,Kn).index,S=k===void 0?b:Oi(v,k+1,this.locale),R=this.isTableShown?Wi(v,this.locale):void 0,T=`${o}: ${me(b)}`;return f`<div class="big">
        ${this.moreInfo(n.type,y,o,i)} <small>${_(this,I,pt).call(this,"today",{unit:h.unit}).trim()}</small>
      </div>
      ${S?this.sentence(S,"month"):x}
      ${p.own||p.reference?Mi({days:v,drawing:p,label:T,sentence:S},g(this,Kn),this.locale):x}
      ${R?this.table(o,R.head,()=>R.rows):x} ${_(this,I,ji).call(this,v,s?.index??n.index)}`},ji=function(e,n){let{text:s,isWarning:o}=qi(e,n,this.locale),i=e.history.type==="gas"&&e.history.unit==="m3"&&e.units.day.unit!=="kWh"&&this.hass?.user?.is_admin;return f`${o?f`<p>${ge(s)}</p>`:x}
      <footer>
        ${o||!s?x:f`<small>${s}</small>`}
        ${i?this.link("/config/integrations/integration/smarty_p1",_(this,I,pt).call(this,"enter_factor")):x}
        ${this.tableButton()}
      </footer>`},Hn.styles=[F,Ai];function Bi(r,t,e){let n=T=>T.reduce((N,H)=>N+H,0),s=r.map(({parts:T})=>n(T.filter(N=>N>0))),o=r.map(({parts:T})=>n(T.filter(N=>N<0))),i=r.flatMap(({tick:T,estimate:N})=>[T??0,N??0]),a=Math.max(0,...s,...i),u=Math.min(0,...o,...i),l=a>u?Math.max(a,u+5):a,d=rc(u,l),c=Math.max(34,...d.map(T=>Us(T.toLocaleString("en"))+8)),p=Math.max(1,(t-c-8)/Math.max(1,r.length)),m=Math.max(2,Math.round(p*.72)),h=l-u||1,y=(e-16-6)/h,v=T=>jt(16+(l-T)*y),b=r.map((T,N)=>c+N*p),k=[],S="",R="";return r.forEach(({parts:T,tick:N,estimate:H},we)=>{let Ve=jt(b[we]+(p-m)/2),pn=(Q,ce)=>`M${Ve} ${v(Q)}h${m}V${v(ce)}h${-m}z`,he=0,je=0;T.forEach((Q,ce)=>{let rt=Q>0?he:je;k[ce]??="",Q&&(k[ce]+=pn(rt,rt+Q),Q>0?he+=Q:je+=Q)}),H!==null&&H>he&&(S+=pn(he,H)),N!==null&&(R+=`M${jt(b[we]+1)} ${v(N)}H${jt(b[we]+p-1)}`)}),{zero:v(0),axis:c,left:b,step:p,paths:k,hatched:S,ticks:R,labels:sc(r,{axis:c,left:b,step:p,width:t,y:v}),lines:d.map(T=>({y:v(T),value:T}))}}var Us=r=>r.length*7.4,jt=r=>Math.round(r*10)/10;function rc(r,t){let e=(t-r)/6;if(!(e>0)||!Number.isFinite(e))return[0];let n=10**Math.floor(Math.log10(e)),s=n*([1,2,5,10].find(i=>i*n>=e)??10),o=[];for(let i=Math.ceil(r/s)*s;i<=t;i+=s)o.push(Math.abs(i)<s/2?0:i);return o}function sc(r,{axis:t,left:e,step:n,width:s,y:o}){let i=[],a=r.some(({label:m,estimate:h})=>h===null&&Us(m)>n+6),u=r.map(({tick:m})=>m??Number.NaN),l=u.filter(m=>!Number.isNaN(m)),d=new Set([r.length-1,u.indexOf(Math.max(...l)),u.indexOf(Math.min(...l))]),c=r.map((m,h)=>({...m,index:h})).filter(({label:m,tick:h,isChosen:y,index:v})=>m&&h!==null&&(!a||y||d.has(v))).sort((m,h)=>Number(h.isChosen)-Number(m.isChosen)||h.index-m.index),p=[];for(let{index:m,label:h,tick:y,estimate:v,isChosen:b,isOfStack:k}of c){let S=Us(h)/2,R=Math.max(t+S-8,Math.min(s-S,e[m]+n/2)),T=o(y),N=je=>i.every(Q=>Math.abs(Q.y-je)>=13||R-S>=Q.to-3||R+S<=Q.from+3),H=T+13+2,we=T-4,he=(v===null&&!k&&o(0)-T>17?[H,we]:[we,H]).find(N);he!==void 0&&(i.push({from:R-S,to:R+S,y:he}),p.push({x:jt(R),y:jt(he),text:h,isChosen:b}))}return p}var Ui={en:{name:"Smarty: months",description:"Twelve months side by side",title:"Twelve months",title_few:"Months",unit:"Euros or kilowatt-hours",a_month:"{unit} a month",a_month_receive:"{unit} a month to receive",so_far:"{unit} in {month} so far",so_far_receive:"{unit} to receive in {month} so far",extremes:"Cheapest {cheapest}, dearest {dearest}",extremes_kwh:"Least in {cheapest}, most in {dearest}",of_months:"In {count} months: {extremes}",only:"{month} is the only whole month so far.",first:"The first whole month ends on {day}.",grid_alone:"Without the price of your energy: this is the grid alone.",with_vat:"with VAT",without_vat:"without VAT",energy:"Energy",network:"Network and meter",levies:"Levies",surcharge:"Above {R}",surcharge_plain:"Above the reference power",above_part:"of which above {R}",above_part_plain:"of which above the reference power",feed_in:"Fed in",drawn:"From the grid",pay:"To pay",grid_total:"Grid alone",month:"Month",count_one:"{count} month",count_other:"{count} months",chart:"Months, to choose from",choice:"{month}: {value}",choice_so_far:"{month}: {value} so far",unknown:"{month}: not known"},de:{name:"Smarty: Monate",description:"Zwölf Monate nebeneinander",title:"Zwölf Monate",title_few:"Monate",unit:"Euro oder Kilowattstunden",a_month:"{unit} im Monat",a_month_receive:"{unit} im Monat zu bekommen",so_far:"{unit} im {month} bisher",so_far_receive:"{unit} im {month} bisher zu bekommen",extremes:"Am günstigsten {cheapest}, am teuersten {dearest}",extremes_kwh:"Am wenigsten im {cheapest}, am meisten im {dearest}",of_months:"In {count} Monaten: {extremes}",only:"{month} ist bisher der einzige ganze Monat.",first:"Der erste ganze Monat endet am {day}.",grid_alone:"Ohne den Preis deiner Energie: Das ist das Netz allein.",with_vat:"mit MwSt.",without_vat:"ohne MwSt.",energy:"Energie",network:"Netz und Zähler",levies:"Abgaben",surcharge:"Über {R}",surcharge_plain:"Über der Referenzleistung",above_part:"davon über {R}",above_part_plain:"davon über der Referenzleistung",feed_in:"Eingespeist",drawn:"Aus dem Netz",pay:"Zu zahlen",grid_total:"Netz allein",month:"Monat",count_one:"{count} Monat",count_other:"{count} Monate",chart:"Monate zur Auswahl",choice:"{month}: {value}",choice_so_far:"{month}: {value} bisher",unknown:"{month}: nicht bekannt"},fr:{name:"Smarty : mois",description:"Douze mois côte à côte",title:"Douze mois",title_few:"Mois",unit:"Euros ou kilowattheures",a_month:"{unit} par mois",a_month_receive:"{unit} par mois à recevoir",so_far:"{unit} jusqu'ici en {month}",so_far_receive:"{unit} à recevoir jusqu'ici en {month}",extremes:"Le moins cher : {cheapest} ; le plus cher : {dearest}",extremes_kwh:"Le moins : {cheapest} ; le plus : {dearest}",of_months:"Sur {count} mois, {extremes}",only:"{month} est le seul mois entier jusqu'ici.",first:"Le premier mois entier se termine le {day}.",grid_alone:"Sans le prix de votre énergie : c'est le réseau seul.",with_vat:"TVA comprise",without_vat:"hors TVA",energy:"Énergie",network:"Réseau et compteur",levies:"Taxes",surcharge:"Au-dessus de {R}",surcharge_plain:"Au-dessus de la puissance de référence",above_part:"dont au-dessus de {R}",above_part_plain:"dont au-dessus de la puissance de référence",feed_in:"Injecté",drawn:"Du réseau",pay:"À payer",grid_total:"Réseau seul",month:"Mois",count_one:"{count} mois",count_other:"{count} mois",chart:"Mois à choisir",choice:"{month} : {value}",choice_so_far:"{month} : {value} jusqu'ici",unknown:"{month} : inconnu"},lb:{name:"Smarty: Méint",description:"Zwielef Méint niefteneen",title:"Zwielef Méint",title_few:"Méint",unit:"Euro oder Kilowattstonnen",a_month:"{unit} de Mount",a_month_receive:"{unit} de Mount ze kréien",so_far:"{unit} am {month} bis elo",so_far_receive:"{unit} am {month} bis elo ze kréien",extremes:"Am bëllegsten {cheapest}, am deiersten {dearest}",extremes_kwh:"Am mannsten am {cheapest}, am meeschten am {dearest}",of_months:"A {count} Méint: {extremes}",only:"{month} ass bis elo deen eenzege ganze Mount.",first:"Den éischte ganze Mount ass den {day} eriwwer.",grid_alone:"Ouni de Präis vun Ärer Energie: Dat ass nëmmen d'Netz.",with_vat:"mat TVA",without_vat:"ouni TVA",energy:"Energie",network:"Netz a Compteur",levies:"Taxen",surcharge:"Iwwer {R}",surcharge_plain:"Iwwer der Referenzleeschtung",above_part:"dovun iwwer {R}",above_part_plain:"dovun iwwer der Referenzleeschtung",feed_in:"Agespeist",drawn:"Aus dem Netz",pay:"Ze bezuelen",grid_total:"Nëmmen d'Netz",month:"Mount",count_one:"{count} Mount",count_other:"{count} Méint",chart:"Méint fir ze wielen",choice:"{month}: {value}",choice_so_far:"{month}: {value} bis elo",unknown:"{month}: net bekannt"},pt:{name:"Smarty: meses",description:"Doze meses lado a lado",title:"Doze meses",title_few:"Meses",unit:"Euros ou quilowatts-hora",a_month:"{unit} por mês",a_month_receive:"{unit} por mês a receber",so_far:"{unit} em {month} até agora",so_far_receive:"{unit} a receber em {month} até agora",extremes:"Mais barato: {cheapest}; mais caro: {dearest}",extremes_kwh:"Menos: {cheapest}; mais: {dearest}",of_months:"Em {count} meses, {extremes}",only:"{month} é o único mês completo até agora.",first:"O primeiro mês completo termina em {day}.",grid_alone:"Sem o preço da sua energia: isto é só a rede.",with_vat:"com IVA",without_vat:"sem IVA",energy:"Energia",network:"Rede e contador",levies:"Taxas",surcharge:"Acima de {R}",surcharge_plain:"Acima da potência de referência",above_part:"dos quais acima de {R}",above_part_plain:"dos quais acima da potência de referência",feed_in:"Injetado",drawn:"Da rede",pay:"A pagar",grid_total:"Só a rede",month:"Mês",count_one:"{count} mês",count_other:"{count} meses",chart:"Meses à escolha",choice:"{month}: {value}",choice_so_far:"{month}: {value} até agora",unknown:"{month}: desconhecido"}};var Z=Ui,Fs=13,Fi=12,Gi=.9,ic=.1,Vn={"€":["energy","network","levies","surcharge","feed_in"],kWh:["drawn","surcharge","feed_in"]};function Zi(r,t){let e=r.at(-1)?.month??"2000-01",n=new Map(r.map(a=>[a.month,a])),s=Array.from({length:Fs},(a,u)=>{let l=U(e,u-Fs+1);return ac(l,n.get(l),t,u===Fs-1)}),o=s.filter(({isWhole:a})=>a),i=a=>o.reduce((u,l)=>u+a(l),0);return{unit:t,months:s,whole:o,sum:i(({value:a})=>a??0),sumParts:Vn[t].map((a,u)=>i(({parts:l})=>l[u]??0))}}function ac(r,t,e,n){let s=(t&&(e==="€"?t.total:t.imported_kwh))??null,o=t!==void 0&&Pt(t);return{month:r,start:z(`${r}-01`),bill:t,isRunning:o,isWhole:s!==null&&!o&&!n&&t.measured_share>=Gi,value:s,parts:t&&s!==null?uc(t,e):[],estimate:e==="€"&&o&&s!==null?t.estimate?.total??null:null}}function uc(r,t){if(t==="kWh"){let a=r.lines.filter(({name:u})=>u==="surcharge").reduce((u,{quantity:l})=>u+l,0);return[r.imported_kwh-a,a,-(r.exported_kwh??0)]}let{energy:e=0,network:n=0,levies:s=0,surcharge:o=0,feed_in:i=0}=r.parts;return[e,n,s,o,i]}function Qi(r,t){let e=(d,c={})=>t.text(Z,d,c),{whole:n,unit:s,months:o}=r,i=o.at(-1),a=e(n.length<Fi?"title_few":"title");if(!n.length){let d=s==="€"&&(i.value??0)<0,c=e(d?"so_far_receive":"so_far",{unit:s,month:t.month(i.start)}),p=i.isRunning?e("first",{day:t.day(dc(i.bill))}):"";return{title:a,value:i.value===null?"–":t.number(Math.abs(i.value)),label:c,sentence:p}}let u=E(r.sum/n.length),l=e(u<0?"a_month_receive":"a_month",{unit:s});return{title:a,value:t.number(Math.abs(u)),label:l,sentence:lc(r,t,e)}}function lc({whole:r,unit:t},e,n){let s=l=>r.reduce((d,c)=>l*(c.value-d.value)>0?c:d),o=l=>e.month(l.start);if(r.length===1)return Qs(n("only",{month:o(r[0])}));let[i,a]=[s(-1),s(1)],u=E(i.value)===E(a.value)?"":n(t==="€"?"extremes":"extremes_kwh",{cheapest:o(i),dearest:o(a)});return r.length===Fi||!u?u:n("of_months",{count:r.length,extremes:cc(u)})}function dc(r){if(r.measured_share>=Gi&&!r.since)return Hs(r);let t=U(D(new Date(r.end)).slice(0,7),1);return z(j(`${t}-01`,-1))}var Qs=r=>r.charAt(0).toUpperCase()+r.slice(1),cc=r=>r.charAt(0).toLowerCase()+r.slice(1);function Yi(r,t,e){let{unit:n,whole:s}=r,o=(m,h={})=>e.text(Z,m,h),i=[t.value===null?null:Zs(t.parts,t.value,n),...s.length?[Zs(r.sumParts,r.sum,n)]:[]],a=[o(Gs(r)?.vat_rate===0?"without_vat":"with_vat"),Qs(e.monthYear(t.start)),...s.length?[e.count(Z,"count",s.length)]:[]];n==="kWh"&&(a[0]="kWh");let u=m=>m===void 0?"–":n==="€"?e.euros(m):e.number(m),l=Vn[n].flatMap((m,h)=>r.months.every(({parts:v})=>!E(v[h]??0))&&m!=="drawn"?[]:[{key:m,name:Ji(m,r,e),cells:i.map(v=>u(v?.[h]))}]);if(n==="kWh")return{head:a,rows:l,total:void 0};let d=!!(Gs(r)&&It(Gs(r))),p=[t.value,...s.length?[r.sum]:[]].map(m=>u(m===null?void 0:m));return{head:a,rows:l,total:{key:"pay",name:o(d?"grid_total":"pay"),cells:p}}}function Zs(r,t,e){let n=Math.abs(r.reduce((a,u)=>a+u,0)-t)<ic;if(e==="€")return n?Lt(r,0,t):void 0;let[s=0,o=0,i=0]=r;return[E(s+o),E(o),E(-i)]}function Ji(r,t,e){if(r!=="surcharge")return e.text(Z,r);let n=new Set(t.months.flatMap(({bill:i})=>i?.reference_kw??[])),[s]=n,o=t.unit==="€"?"surcharge":"above_part";return n.size!==1||s===void 0?e.text(Z,`${o}_plain`):e.text(Z,o,{R:e.referenceKW(s)})}var Gs=r=>r.months.at(-1)?.bill;function Xi(r,t,e){let n=Qs(e.monthYear(r.start));if(r.value===null)return e.text(Z,"unknown",{month:n});let s=t==="€"?e.euros(r.value):e.kWh(r.value,0);return e.text(Z,r.isRunning?"choice_so_far":"choice",{month:n,value:s})}function ea(r,t){let e=r.estimate??r.value;return e===null?"":r.estimate===null?t.number(e):`≈ ${t.number(e)}`}function ta(r,t){let e=a=>t.text(Z,a),n=Vn[r.unit],s=r.unit,o=[e("month"),...n.map(a=>Ji(a,r,t)),...s==="€"?[e("pay")]:[]],i=r.months.map(a=>{let u=a.value===null?void 0:Zs(a.parts,a.value,s),l=[...n.map((d,c)=>u?.[c]),...s==="€"?[a.value??void 0]:[]];return[t.monthYear(a.start),...l.map(d=>d===void 0?"–":t.number(d))]});return{head:o,rows:i}}var Nr=196,na=20,hc=320,Ys={"€":["var(--drawn)","var(--drawn-70)","var(--drawn-44)","var(--excess)","var(--fed-in)"],kWh:["var(--drawn)","var(--excess)","var(--fed-in)"]},ra=O`
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
`;function sa({year:r,chosen:t,locale:e,width:n,choose:s}){let{months:o,unit:i}=r,a=n||hc,u=o.indexOf(t),l=pc(r,t,a,e),d=o.filter(({bill:m})=>m),c=m=>{let h=m.currentTarget.getBoundingClientRect(),y=(m.clientX-h.left-l.axis)/l.step-.5,v=b=>Math.abs(o.indexOf(b)-y);s(d.reduce((b,k)=>v(k)<v(b)?k:b,t).month)},p=m=>{let h=d.indexOf(t),y=d.length-1,b={ArrowLeft:h-1,ArrowRight:h+1,Home:0,End:y,Escape:y}[m.key];b!==void 0&&(m.preventDefault(),s(d[Math.max(0,Math.min(y,b))].month))};return f`<div
    class="chart"
    role="slider"
    tabindex="0"
    aria-label=${e.text(Z,"chart")}
    aria-valuemin="1"
    aria-valuemax=${o.length}
    aria-valuenow=${u+1}
    aria-valuetext=${Xi(t,i,e)}
    @click=${c}
    @pointermove=${m=>m.buttons&&c(m)}
    @keydown=${p}
  >
    <svg height=${Nr+na} aria-hidden="true">
      <defs>${$r("coming","var(--drawn)")}</defs>
      <rect class="column" x=${l.left[u]} y="0" width=${l.step} height=${Nr+na} rx="6"></rect>
      ${l.lines.map(({y:m,value:h})=>A`<line class=${h?"line":"zero"} x1=${l.axis} x2=${a} y1=${m} y2=${m}></line>
          <text x=${l.axis-6} y=${m+4} text-anchor="end">${e.number(h)}</text>`)}
      ${l.paths.map((m,h)=>A`<path d=${m} fill=${Ys[i][h]}></path>`)}
      <path d=${l.hatched} fill="url(#coming)"></path>
      <line class="zero" x1=${l.axis} x2=${a} y1=${l.zero} y2=${l.zero}></line>
      ${i==="€"?A`<path class="halo" d=${l.ticks}></path><path class="tick" d=${l.ticks}></path>`:x}
      ${l.labels.map(({x:m,y:h,text:y,isChosen:v})=>A`<text class="value ${v?"chosen":""}" x=${m} y=${h} text-anchor="middle">${y}</text>`)}
      ${o.map(({start:m},h)=>A`<text class=${h===u?"chosen":""} x=${l.left[h]+l.step/2} y=${Nr+14}
            text-anchor="middle">${e.month(m).charAt(0).toUpperCase()}</text>`)}
    </svg>
  </div>`}function pc({months:r,unit:t},e,n,s){let o=r.map(i=>({parts:i.parts,tick:i.estimate??i.value,label:ea(i,s),estimate:i.estimate,isChosen:i===e,isOfStack:t==="kWh"}));return Bi(o,n,Nr)}var Ut,Ft,Y,Js,oa,ia,aa,Xs,ua,Bt=class extends P{constructor(){super();w(this,Y);w(this,Ut);w(this,Ft);this.unit="€",this.width=0}getCardSize(){return 9}connectedCallback(){super.connectedCallback(),$(this,Ft,new ResizeObserver(()=>_(this,Y,Js).call(this))),g(this,Ft).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,Ft)?.disconnect()}updated(e){_(this,Y,Js).call(this)}content(e,n){let{bills:s,error:o}=Sr(n);if(!s)return _(this,Y,ua).call(this,e,o);let i=Tr(s,n).month,a=[s,i,this.unit,this.width,this.locale,this.isTableShown,e,this.hass?.user?.is_admin];return g(this,Ut)?.of.every((u,l)=>u===a[l])||$(this,Ut,{of:a,shown:_(this,Y,oa).call(this,e,n,s,i)}),g(this,Ut).shown}};Ut=new WeakMap,Ft=new WeakMap,Y=new WeakSet,Js=function(){let e=this.renderRoot.querySelector(".chart")?.clientWidth;e&&(this.width=e)},oa=function(e,n,s,o){let{locale:i,unit:a,width:u}=this,l=Zi(s,a),d=Qi(l,i),c=l.months.find(y=>y.month===o),p=a==="€"&&It(s.at(-1)),m=ta(l,i),h={year:l,chosen:c,locale:i,width:u,choose:y=>Rr(s,n,y)};return f`<header>
        <h2>${d.title}</h2>
        ${_(this,Y,ia).call(this)}
      </header>
      <div class="big">${d.value}<small> ${d.label}</small></div>
      ${d.sentence?this.sentence(d.sentence):x}
      ${p?f`<p class="small">${this.text(Z,"grid_alone")}</p>`:x}
      ${p?_(this,Y,Xs).call(this,e,"enter_prices"):x}
      ${sa(h)} ${_(this,Y,aa).call(this,l,c)}
      ${this.table(d.title,m.head,()=>m.rows)}
      <footer>${this.tableButton()}</footer>`},ia=function(){let e=n=>f`<label
        ><input class="hidden" type="radio" name="unit" .checked=${this.unit===n} @change=${()=>this.unit=n} />${n}</label
      >`;return f`<fieldset aria-label=${this.text(Z,"unit")}>${e("€")}${e("kWh")}</fieldset>`},aa=function(e,n){let{head:s,rows:o,total:i}=Yi(e,n,this.locale),a=l=>f`<span class="dot" style="background:${Ys[this.unit][Vn[this.unit].indexOf(l)]}"></span>`,u=({name:l,cells:d},c)=>f`<tr><th scope="row">${c}${l}</th>${d.map(p=>f`<td class="number">${p}</td>`)}</tr>`;return f`<table class="parts">
      <thead><tr>${s.map(l=>f`<th scope="col">${l}</th>`)}</tr></thead>
      <tbody>${o.map(l=>u(l,a(l.key)))}</tbody>
      ${i?f`<tfoot>${u(i,f`<span class="mark"></span>`)}</tfoot>`:x}
    </table>`},Xs=function(e,n){return Wn({hass:this.hass,link:(s,o)=>this.link(s,o)},e,this.locale,n)},ua=function(e,n){let s=Dr(n);return f`<h2>${this.text(Z,"title_few")}</h2>
      ${s?f`<p role="status">${this.text(re,s)}</p>`:this.waiting(n)}
      ${s==="no_reference_power"?_(this,Y,Xs).call(this,e,"enter_reference"):x}`},Bt.styles=[F,ra,O`
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
    `],Bt.properties={...P.properties,unit:{state:!0},width:{state:!0}};function la(r,t,e){let n=Math.max(r,t??0),s=Math.max(1.25*(e??.8),1.08*n),o=u=>Math.max(0,Math.min(1,u/s))||0,i=[],a=(u,l,d)=>{let c=Math.min(Math.max(e??l,u),l);for(let[p,m,h]of[["drawn",u,c],["excess",c,l]])o(h)>o(m)&&i.push({kind:p,isEstimate:d,from:o(m),to:o(h)})};return a(0,r,!1),a(r,n,!0),{parts:i,limit:e===void 0?void 0:o(e)}}function da(r){let t=Math.max(2,...r.map(e=>Math.abs(e??0)));return r.map((e,n)=>{let s=.5+(e??0)/t/2;return{name:`L${n+1}`,power:e,from:Math.min(.5,s),to:Math.max(.5,s)}})}var ca=O`
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
`;function ma({title:r,help:t,isCalm:e},n){return f`<div class="banner ${e?"calm":""}" role="status">
    <h2><ha-icon icon=${e?"mdi:information-outline":"mdi:alert-circle-outline"}></ha-icon><span>${r}</span></h2>
    <p>${t}</p>
    ${n}
  </div>`}var ha=[ca,O`
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
  `];var zr={en:{silent:"Nothing heard for {duration}",silent_yet:"Nothing heard yet",silent_help:"The port answers, the meter is silent. Check the cable at the P1 port, and that the port is switched on.",lost_help:"Nothing new has reached this page. It tries again by itself.",key:"The key does not fit this meter",key_help:"Telegrams arrive, but none can be verified. Your grid operator sends the key of meter {serial}.",key_missing:"The key of this meter is missing",key_missing_help:"It encrypts its telegrams. Your grid operator sends the key of meter {serial}.",authentication:"The authentication key does not fit",authentication_help:"Telegrams arrive, but none can be verified: meter {serial} uses another authentication key.",port:"The port cannot be read",port_help:"Check the cable, and whether the port has another name now.",gateway:"The gateway does not answer",gateway_help:"Check that it is switched on and on the network. Most gateways serve only one program at a time.",busy:"Another program uses the port",busy_help:"Close that program, or disable the integration that reads the port.",permission:"Home Assistant may not open the port",permission_help:"Give it access to serial ports.",mqtt:"No connection to the MQTT broker",mqtt_help:"Check the MQTT integration under Devices & services.",unreadable:"What arrives cannot be read",unreadable_help:"Telegrams are damaged, or come from something else. Check the cable and that the gateway passes on all bytes unchanged.",other_meter:"This is another meter",other_meter_help:"Telegrams come from a meter other than {serial}. Check the cables, or choose the right port.",replay:"Only old telegrams arrive",replay_help:"They repeat earlier ones and are not trusted. If your grid operator has restarted their numbering, remove the meter and add it again.",unencrypted:"The meter no longer encrypts",unencrypted_help:"A key is set, so its telegrams are not trusted. Ask your grid operator whether that is intended.",late:"Telegrams arrive late",late_help:"They are counted, but not shown as present. If this goes on, check the connection of the gateway.",failing:"No telegram is accepted",failing_help:"The settings of the meter say why.",error:"The meter cannot be read",error_help:"The settings of the meter and the log of Home Assistant say why.",retrying:"The meter cannot be read",retrying_help:"Home Assistant goes on trying by itself.",disabled:"This meter is disabled",disabled_help:"While it is disabled in Home Assistant, nothing is read or counted.",not_loaded:"This meter is not being read",not_loaded_help:"If Home Assistant is starting, this passes by itself.",last_good:"The last good telegram came at {time}.",enter_key:"Enter the key",check_connection:"Check the connection",see_repair:"See what helps",enable:"Enable the meter",ask_admin:"An administrator of Home Assistant can help.",minutes_one:"{count} minute",minutes_other:"{count} minutes",hours_one:"{count} hour",hours_other:"{count} hours",days_one:"{count} day",days_other:"{count} days"},de:{silent:"Seit {duration} nichts empfangen",silent_yet:"Noch nichts empfangen",silent_help:"Der Anschluss antwortet, der Zähler schweigt. Prüfe das Kabel am P1-Anschluss, und ob dieser eingeschaltet ist.",lost_help:"Nichts Neues hat diese Seite erreicht. Sie versucht es von selbst wieder.",key:"Der Schlüssel passt nicht zu diesem Zähler",key_help:"Telegramme kommen an, aber keines lässt sich prüfen. Dein Netzbetreiber schickt den Schlüssel des Zählers {serial}.",key_missing:"Der Schlüssel dieses Zählers fehlt",key_missing_help:"Er verschlüsselt seine Telegramme. Dein Netzbetreiber schickt den Schlüssel des Zählers {serial}.",authentication:"Der Authentifizierungsschlüssel passt nicht",authentication_help:"Telegramme kommen an, aber keines lässt sich prüfen: Zähler {serial} benutzt einen anderen Authentifizierungsschlüssel.",port:"Der Anschluss kann nicht gelesen werden",port_help:"Prüfe das Kabel, und ob der Anschluss jetzt anders heißt.",gateway:"Das Gateway antwortet nicht",gateway_help:"Prüfe, ob es eingeschaltet und im Netzwerk ist. Die meisten bedienen nur ein Programm zugleich.",busy:"Ein anderes Programm benutzt den Anschluss",busy_help:"Schließe es, oder deaktiviere die Integration, die den Anschluss liest.",permission:"Home Assistant darf den Anschluss nicht öffnen",permission_help:"Gib ihm Zugriff auf serielle Anschlüsse.",mqtt:"Keine Verbindung zum MQTT-Broker",mqtt_help:"Prüfe die MQTT-Integration unter Geräte & Dienste.",unreadable:"Was ankommt, ist nicht lesbar",unreadable_help:"Telegramme sind beschädigt oder kommen von etwas anderem. Prüfe das Kabel, und ob das Gateway alle Bytes unverändert weitergibt.",other_meter:"Das ist ein anderer Zähler",other_meter_help:"Telegramme kommen von einem anderen Zähler als {serial}. Prüfe die Kabel, oder wähle den richtigen Anschluss.",replay:"Nur alte Telegramme kommen an",replay_help:"Sie wiederholen frühere und gelten nicht. Hat dein Netzbetreiber ihre Zählung neu begonnen, entferne den Zähler und füge ihn wieder hinzu.",unencrypted:"Der Zähler verschlüsselt nicht mehr",unencrypted_help:"Ein Schlüssel ist gesetzt, deshalb gelten seine Telegramme nicht. Frage deinen Netzbetreiber, ob das gewollt ist.",late:"Telegramme kommen verspätet",late_help:"Sie werden gezählt, aber nicht als jetzig gezeigt. Bleibt das so, prüfe die Verbindung des Gateways.",failing:"Kein Telegramm wird angenommen",failing_help:"Die Einstellungen des Zählers sagen, warum.",error:"Der Zähler kann nicht gelesen werden",error_help:"Die Einstellungen des Zählers und das Protokoll von Home Assistant sagen, warum.",retrying:"Der Zähler kann nicht gelesen werden",retrying_help:"Home Assistant versucht es von selbst weiter.",disabled:"Dieser Zähler ist deaktiviert",disabled_help:"Solange er in Home Assistant deaktiviert ist, wird nichts gelesen oder gezählt.",not_loaded:"Dieser Zähler wird nicht gelesen",not_loaded_help:"Wenn Home Assistant gerade startet, vergeht das von selbst.",last_good:"Das letzte gute Telegramm kam um {time}.",enter_key:"Schlüssel eingeben",check_connection:"Verbindung prüfen",see_repair:"Sehen, was hilft",enable:"Zähler aktivieren",ask_admin:"Ein Administrator von Home Assistant kann helfen.",minutes_one:"{count} Minute",minutes_other:"{count} Minuten",hours_one:"{count} Stunde",hours_other:"{count} Stunden",days_one:"{count} Tag",days_other:"{count} Tagen"},fr:{silent:"Rien reçu depuis {duration}",silent_yet:"Rien reçu pour l'instant",silent_help:"Le port répond, le compteur se tait. Vérifiez le câble au port P1, et que ce port est activé.",lost_help:"Rien de nouveau n'est arrivé à cette page. Elle réessaie d'elle-même.",key:"La clé ne correspond pas à ce compteur",key_help:"Des télégrammes arrivent, mais aucun ne peut être vérifié. Votre gestionnaire de réseau envoie la clé du compteur {serial}.",key_missing:"La clé de ce compteur manque",key_missing_help:"Il chiffre ses télégrammes. Votre gestionnaire de réseau envoie la clé du compteur {serial}.",authentication:"La clé d'authentification ne correspond pas",authentication_help:"Des télégrammes arrivent, mais aucun ne peut être vérifié : le compteur {serial} utilise une autre clé d'authentification.",port:"Le port ne peut pas être lu",port_help:"Vérifiez le câble, et si le port porte maintenant un autre nom.",gateway:"La passerelle ne répond pas",gateway_help:"Vérifiez qu'elle est allumée et sur le réseau. La plupart ne servent qu'un programme à la fois.",busy:"Un autre programme utilise le port",busy_help:"Fermez-le, ou désactivez l'intégration qui lit le port.",permission:"Home Assistant n'a pas le droit d'ouvrir le port",permission_help:"Donnez-lui l'accès aux ports série.",mqtt:"Pas de connexion au broker MQTT",mqtt_help:"Vérifiez l'intégration MQTT sous Appareils et services.",unreadable:"Ce qui arrive n'est pas lisible",unreadable_help:"Les télégrammes sont endommagés, ou viennent d'autre chose. Vérifiez le câble, et que la passerelle transmet tous les octets inchangés.",other_meter:"C'est un autre compteur",other_meter_help:"Les télégrammes viennent d'un autre compteur que {serial}. Vérifiez les câbles, ou choisissez le bon port.",replay:"Seuls d'anciens télégrammes arrivent",replay_help:"Ils répètent des précédents et ne sont pas acceptés. Si votre gestionnaire de réseau a repris leur numérotation à zéro, supprimez le compteur et ajoutez-le à nouveau.",unencrypted:"Le compteur ne chiffre plus",unencrypted_help:"Une clé est saisie, ses télégrammes ne sont donc pas acceptés. Demandez à votre gestionnaire de réseau si c'est voulu.",late:"Les télégrammes arrivent en retard",late_help:"Ils sont comptés, mais pas affichés comme actuels. Si cela dure, vérifiez la connexion de la passerelle.",failing:"Aucun télégramme n'est accepté",failing_help:"Les réglages du compteur disent pourquoi.",error:"Le compteur ne peut pas être lu",error_help:"Les réglages du compteur et le journal de Home Assistant disent pourquoi.",retrying:"Le compteur ne peut pas être lu",retrying_help:"Home Assistant continue d'essayer de lui-même.",disabled:"Ce compteur est désactivé",disabled_help:"Tant qu'il est désactivé dans Home Assistant, rien n'est lu ni compté.",not_loaded:"Ce compteur n'est pas lu",not_loaded_help:"Si Home Assistant démarre, cela passe tout seul.",last_good:"Le dernier bon télégramme est arrivé à {time}.",enter_key:"Saisir la clé",check_connection:"Vérifier la connexion",see_repair:"Voir ce qui aide",enable:"Activer le compteur",ask_admin:"Un administrateur de Home Assistant peut aider.",minutes_one:"{count} minute",minutes_other:"{count} minutes",hours_one:"{count} heure",hours_other:"{count} heures",days_one:"{count} jour",days_other:"{count} jours"},lb:{silent:"Zënter {duration} näischt empfaangen",silent_yet:"Nach näischt empfaangen",silent_help:"Den Uschloss äntwert, de Compteur ass roueg. Kuckt de Kabel um P1-Uschloss no, an ob deen ageschalt ass.",lost_help:"Näischt Neies ass op dëser Säit ukomm. Si probéiert et vu selwer nach eng Kéier.",key:"De Schlëssel passt net bei dëse Compteur",key_help:"Telegrammer kommen un, awer keen ka gepréift ginn. Ären Netzbedreiwer schéckt de Schlëssel vum Compteur {serial}.",key_missing:"De Schlëssel vun dësem Compteur feelt",key_missing_help:"E verschlësselt seng Telegrammer. Ären Netzbedreiwer schéckt de Schlëssel vum Compteur {serial}.",authentication:"Den Authentifizéierungsschlëssel passt net",authentication_help:"Telegrammer kommen un, awer keen ka gepréift ginn: de Compteur {serial} benotzt en aneren Authentifizéierungsschlëssel.",port:"Den Uschloss kann net gelies ginn",port_help:"Kuckt de Kabel no, an ob den Uschloss elo anescht heescht.",gateway:"De Gateway äntwert net",gateway_help:"Kuckt no, ob en ageschalt an am Netzwierk ass. Déi meescht bedéngen nëmmen ee Programm gläichzäiteg.",busy:"En anere Programm benotzt den Uschloss",busy_help:"Maacht en zou, oder deaktivéiert d'Integratioun, déi den Uschloss liest.",permission:"Home Assistant däerf den Uschloss net opmaachen",permission_help:"Gitt em Zougrëff op seriell Uschlëss.",mqtt:"Keng Verbindung mam MQTT-Broker",mqtt_help:"Kuckt d'MQTT-Integratioun ënner Apparater & Servicer no.",unreadable:"Wat ukënnt, ass net liesbar",unreadable_help:"Telegrammer si beschiedegt oder komme vun eppes anerem. Kuckt de Kabel no, an ob de Gateway all Bytes onverännert weidergëtt.",other_meter:"Dat ass en anere Compteur",other_meter_help:"Telegrammer komme vun engem anere Compteur wéi {serial}. Kuckt d'Kabelen no, oder wielt de richtegen Uschloss.",replay:"Nëmmen al Telegrammer kommen un",replay_help:"Si widderhuele fréier a gëllen net. Huet Ären Netzbedreiwer hir Zielung nei ugefaangen, huelt de Compteur ewech a setzt en nei dobäi.",unencrypted:"De Compteur verschlësselt net méi",unencrypted_help:"E Schlëssel ass aginn, dofir gëllen seng Telegrammer net. Frot Ären Netzbedreiwer, ob dat gewollt ass.",late:"Telegrammer komme ze spéit",late_help:"Si gi gezielt, awer net als elo gewisen. Bleift dat esou, kuckt d'Verbindung vum Gateway no.",failing:"Keen Telegramm gëtt ugeholl",failing_help:"D'Astellunge vum Compteur soen, firwat.",error:"De Compteur kann net gelies ginn",error_help:"D'Astellunge vum Compteur an de Protokoll vun Home Assistant soen, firwat.",retrying:"De Compteur kann net gelies ginn",retrying_help:"Home Assistant probéiert vu selwer weider.",disabled:"Dëse Compteur ass deaktivéiert",disabled_help:"Soulaang en an Home Assistant deaktivéiert ass, gëtt näischt gelies oder gezielt.",not_loaded:"Dëse Compteur gëtt net gelies",not_loaded_help:"Wann Home Assistant grad start, geet dat vu selwer eriwwer.",last_good:"De leschte gudden Telegramm koum um {time}.",enter_key:"Schlëssel aginn",check_connection:"Verbindung nokucken",see_repair:"Kucken, wat hëlleft",enable:"Compteur aktivéieren",ask_admin:"En Administrateur vun Home Assistant kann hëllefen.",minutes_one:"{count} Minutt",minutes_other:"{count} Minutten",hours_one:"{count} Stonn",hours_other:"{count} Stonnen",days_one:"{count} Dag",days_other:"{count} Deeg"},pt:{silent:"Nada recebido há {duration}",silent_yet:"Ainda nada recebido",silent_help:"A porta responde, o contador está em silêncio. Verifique o cabo na porta P1, e se a porta está ativada.",lost_help:"Nada de novo chegou a esta página. Ela volta a tentar por si.",key:"A chave não corresponde a este contador",key_help:"Chegam telegramas, mas nenhum pode ser verificado. O seu operador de rede envia a chave do contador {serial}.",key_missing:"Falta a chave deste contador",key_missing_help:"Ele cifra os seus telegramas. O seu operador de rede envia a chave do contador {serial}.",authentication:"A chave de autenticação não corresponde",authentication_help:"Chegam telegramas, mas nenhum pode ser verificado: o contador {serial} usa outra chave de autenticação.",port:"A porta não pode ser lida",port_help:"Verifique o cabo, e se a porta tem agora outro nome.",gateway:"O gateway não responde",gateway_help:"Verifique se está ligado e na rede. A maioria serve apenas um programa de cada vez.",busy:"Outro programa usa a porta",busy_help:"Feche-o, ou desative a integração que lê a porta.",permission:"O Home Assistant não pode abrir a porta",permission_help:"Dê-lhe acesso às portas série.",mqtt:"Sem ligação ao broker MQTT",mqtt_help:"Verifique a integração MQTT em Dispositivos e serviços.",unreadable:"O que chega não é legível",unreadable_help:"Os telegramas estão danificados, ou vêm de outra coisa. Verifique o cabo, e se o gateway transmite todos os bytes sem alteração.",other_meter:"Este é outro contador",other_meter_help:"Os telegramas vêm de um contador que não é {serial}. Verifique os cabos, ou escolha a porta certa.",replay:"Só chegam telegramas antigos",replay_help:"Repetem anteriores e não são aceites. Se o seu operador de rede reiniciou a numeração, remova o contador e adicione-o de novo.",unencrypted:"O contador já não cifra",unencrypted_help:"Há uma chave definida, por isso os telegramas não são aceites. Pergunte ao seu operador de rede se é intencional.",late:"Os telegramas chegam atrasados",late_help:"São contados, mas não mostrados como atuais. Se continuar, verifique a ligação do gateway.",failing:"Nenhum telegrama é aceite",failing_help:"As definições do contador dizem porquê.",error:"O contador não pode ser lido",error_help:"As definições do contador e o registo do Home Assistant dizem porquê.",retrying:"O contador não pode ser lido",retrying_help:"O Home Assistant continua a tentar por si.",disabled:"Este contador está desativado",disabled_help:"Enquanto estiver desativado no Home Assistant, nada é lido nem contado.",not_loaded:"Este contador não está a ser lido",not_loaded_help:"Se o Home Assistant está a arrancar, isto passa por si.",last_good:"O último telegrama bom chegou às {time}.",enter_key:"Introduzir a chave",check_connection:"Verificar a ligação",see_repair:"Ver o que ajuda",enable:"Ativar o contador",ask_admin:"Um administrador do Home Assistant pode ajudar.",minutes_one:"{count} minuto",minutes_other:"{count} minutos",hours_one:"{count} hora",hours_other:"{count} horas",days_one:"{count} dia",days_other:"{count} dias"}};var Or=zr,fc={silent:["nothing_received","port_silent"],key:["wrong_key"],key_missing:["key_missing"],authentication:["other_authentication_key"],port:["port_not_found","link_lost"],gateway:["port_unreachable","port_closed","gateway_offline"],busy:["port_busy"],permission:["port_permission"],mqtt:["mqtt_missing","mqtt_disconnected"],unreadable:["not_p1","damaged"],other_meter:["other_meter","other_meter_unreadable"],replay:["replay"],unencrypted:["security_off"],late:["telegrams_late","catching_up"]},_c=["key","key_missing","authentication","unreadable","other_meter","replay","unencrypted","failing"],pa=["disabled","not_loaded"],yc=["key","key_missing","authentication"],bc=120,wc=10;function fa(r,t,e,n,s){let o=(c,p={})=>s.text(Or,c,p),i=t.received_at?Date.parse(t.received_at):Number.NaN;if(t.state==="receiving"||t.state==="waiting")return t.state==="waiting"||n-e<=bc*1e3?void 0:{title:o("silent",{duration:ga(n-e,s)}),help:o("lost_help"),isCalm:!1,isUnverified:!1,link:void 0};if(t.state==="not_loaded"&&t.values&&n-e<wc*1e3)return;let a=vc(t),u=r.serial_number??r.title,l=a==="silent",d=Number.isNaN(i)||pa.includes(a)?"":o("last_good",{time:kc(i,n,s)});return{title:l?d?o("silent",{duration:ga(n-i,s)}):o("silent_yet"):o(a),help:[o(`${a}_help`,{serial:u}),l?"":d].filter(Boolean).join(" "),isCalm:pa.includes(a),isUnverified:_c.includes(a),link:t.remedy?{path:t.remedy.path,text:o(xc(a,t.remedy.kind))}:void 0}}function vc({state:r,obstacle:t}){if(r==="disabled")return r;let e=Object.entries(fc).find(([,n])=>n.includes(t??""));return e?e[0]:r==="retrying"||r==="error"||r==="not_loaded"?r:"failing"}function xc(r,t){return t==="enable"?"enable":yc.includes(r)||t==="reauth"?"enter_key":t==="repair"?"see_repair":"check_connection"}function ga(r,t){let e=Math.max(1,Math.floor(r/6e4));return e<60?t.count(Or,"minutes",e):e<2880?t.count(Or,"hours",Math.floor(e/60)):t.count(Or,"days",Math.floor(e/1440))}function kc(r,t,e){let n=new Date(r);return D(n)===D(new Date(t))?e.time(n):`${e.time(n)}, ${e.shortDay(n)}`}var _a={en:{name:"Smarty: now",description:"What is drawn or fed in now, and what may be switched on",draws:"You draw",feeds:"You feed in",balanced:"You draw nothing",last_draws:"Last: you drew",last_feeds:"Last: you fed in",last_balanced:"Last: you drew nothing",no_value:"No value yet",unverified:"No verified value yet",above:"**This quarter-hour is above {R}.** {so_far} so far, {by_end} by {end}: {cost}.",above_unpriced:"**This quarter-hour is above {R}.** {so_far} so far, {by_end} by {end}.",less:"**{less} less until {end}** keeps you within {R}. Otherwise {above} above: {cost}.",less_unpriced:"**{less} less until {end}** keeps you within {R}. Otherwise {above} above.",under:"under {value}",feeding:"Nothing comes from the grid. Feeding in earns {earned} an hour.",feeding_unpriced:"Nothing comes from the grid.",feeding_costs:"Nothing comes from the grid. Feeding in costs {cost} an hour.",own:"The house runs on its own electricity, nothing is left over.",nothing:"Hardly anything is switched on.",more:"{more} more until {end} stay within {R}.",no_more:"Nothing more until {end}: {R} are just kept.",next:"In the next quarter-hour, {more} more stay within {R}.",next_above:"At this power, the next quarter-hour will be above {R}.",highest:"The highest quarter-hour this month: {peak}.",no_reference:"Which reference power your contract has is on your bill.",enter_reference:"Enter the reference power",first_day:"The first whole quarter-hour ends at **{end}**, the first whole day on {day}, the first whole month on {month}.",counted:"{range}, counted since {time}",of:"{mean} of {R}",so_far:"{range}: {energy} so far",projected:"{range}: {energy} so far, about {mean} of {R} at its end",not_present:"This is the last value, not the present one.",nothing_unverified:"Nothing unverified is shown or counted.",awaited:"The meter is being read: its next telegram is awaited.",meter_draws:"draws {power}",meter_feeds:"feeds in {power}",meter_nothing:"draws nothing"},de:{name:"Smarty: jetzt",description:"Was jetzt bezogen oder eingespeist wird, und was eingeschaltet werden darf",draws:"Du beziehst",feeds:"Du speist ein",balanced:"Du beziehst nichts",last_draws:"Zuletzt hast du bezogen",last_feeds:"Zuletzt hast du eingespeist",last_balanced:"Zuletzt hast du nichts bezogen",no_value:"Noch kein Wert",unverified:"Noch kein geprüfter Wert",above:"**Diese Viertelstunde liegt über {R}.** Bisher {so_far}, bis {end} {by_end}: {cost}.",above_unpriced:"**Diese Viertelstunde liegt über {R}.** Bisher {so_far}, bis {end} {by_end}.",less:"Mit **{less} weniger bis {end}** bleibst du unter {R}. Sonst {above} darüber: {cost}.",less_unpriced:"Mit **{less} weniger bis {end}** bleibst du unter {R}. Sonst {above} darüber.",under:"unter {value}",feeding:"Nichts kommt aus dem Netz. Einspeisen bringt {earned} in der Stunde.",feeding_unpriced:"Nichts kommt aus dem Netz.",feeding_costs:"Nichts kommt aus dem Netz. Einspeisen kostet {cost} in der Stunde.",own:"Das Haus läuft mit eigenem Strom, nichts bleibt übrig.",nothing:"Fast nichts ist eingeschaltet.",more:"{more} mehr bis {end} bleiben unter {R}.",no_more:"Bis {end} nichts mehr: {R} sind gerade eingehalten.",next:"In der nächsten Viertelstunde bleiben {more} mehr unter {R}.",next_above:"Mit dieser Leistung liegt die nächste Viertelstunde über {R}.",highest:"Die höchste Viertelstunde in diesem Monat: {peak}.",no_reference:"Welche Referenzleistung dein Vertrag hat, steht auf deiner Rechnung.",enter_reference:"Referenzleistung eingeben",first_day:"Die erste ganze Viertelstunde endet um **{end}**, der erste ganze Tag am {day}, der erste ganze Monat am {month}.",counted:"{range}, gezählt seit {time}",of:"{mean} von {R}",so_far:"{range}: bisher {energy}",projected:"{range}: bisher {energy}, am Ende etwa {mean} von {R}",not_present:"Das ist der letzte Wert, nicht der jetzige.",nothing_unverified:"Ungeprüftes wird weder gezeigt noch gezählt.",awaited:"Der Zähler wird gelesen: sein nächstes Telegramm wird erwartet.",meter_draws:"bezieht {power}",meter_feeds:"speist {power} ein",meter_nothing:"bezieht nichts"},fr:{name:"Smarty : actuel",description:"Ce qui est prélevé ou injecté, et ce qui peut être allumé",draws:"Vous prélevez",feeds:"Vous injectez",balanced:"Vous ne prélevez rien",last_draws:"Dernière valeur : vous préleviez",last_feeds:"Dernière valeur : vous injectiez",last_balanced:"Dernière valeur : vous ne préleviez rien",no_value:"Pas encore de valeur",unverified:"Pas encore de valeur vérifiée",above:"**Ce quart d'heure est au-dessus de {R}.** {so_far} jusqu'ici, {by_end} à {end} : {cost}.",above_unpriced:"**Ce quart d'heure est au-dessus de {R}.** {so_far} jusqu'ici, {by_end} à {end}.",less:"**{less} de moins jusqu'à {end}** : vous restez sous {R}. Sinon {above} de trop : {cost}.",less_unpriced:"**{less} de moins jusqu'à {end}** : vous restez sous {R}. Sinon {above} de trop.",under:"moins de {value}",feeding:"Rien ne vient du réseau. L'injection rapporte {earned} par heure.",feeding_unpriced:"Rien ne vient du réseau.",feeding_costs:"Rien ne vient du réseau. L'injection coûte {cost} par heure.",own:"La maison vit de sa propre électricité, sans surplus.",nothing:"Presque rien n'est allumé.",more:"{more} de plus jusqu'à {end} restent sous {R}.",no_more:"Rien de plus jusqu'à {end} : vous restez tout juste sous {R}.",next:"Au prochain quart d'heure, {more} de plus restent sous {R}.",next_above:"À cette puissance, le prochain quart d'heure sera au-dessus de {R}.",highest:"Le quart d'heure maximal de ce mois : {peak}.",no_reference:"La puissance de référence de votre contrat figure sur votre facture.",enter_reference:"Saisir la puissance de référence",first_day:"Le premier quart d'heure entier se termine à **{end}**, le premier jour entier le {day}, le premier mois entier le {month}.",counted:"{range}, compté depuis {time}",of:"{mean} sur {R}",so_far:"{range} : {energy} jusqu'ici",projected:"{range} : {energy} jusqu'ici, environ {mean} sur {R} à la fin",not_present:"C'est la dernière valeur, pas l'actuelle.",nothing_unverified:"Seul ce qui est vérifié est affiché et compté.",awaited:"Le compteur est lu : son prochain télégramme est attendu.",meter_draws:"prélève {power}",meter_feeds:"injecte {power}",meter_nothing:"ne prélève rien"},lb:{name:"Smarty: elo",description:"Wat elo bezunn oder agespeist gëtt, a wat ageschalt däerf ginn",draws:"Dir bezitt",feeds:"Dir speist an",balanced:"Dir bezitt näischt",last_draws:"Fir d'lescht hutt Dir bezunn",last_feeds:"Fir d'lescht hutt Dir agespeist",last_balanced:"Fir d'lescht hutt Dir näischt bezunn",no_value:"Nach kee Wäert",unverified:"Nach kee gepréifte Wäert",above:"**Dës Véierelstonn läit iwwer {R}.** Bis elo {so_far}, bis {end} {by_end}: {cost}.",above_unpriced:"**Dës Véierelstonn läit iwwer {R}.** Bis elo {so_far}, bis {end} {by_end}.",less:"Mat **{less} manner bis {end}** bleift Dir ënner {R}. Soss {above} driwwer: {cost}.",less_unpriced:"Mat **{less} manner bis {end}** bleift Dir ënner {R}. Soss {above} driwwer.",under:"ënner {value}",feeding:"Näischt kënnt aus dem Netz. Aspeise bréngt {earned} an der Stonn.",feeding_unpriced:"Näischt kënnt aus dem Netz.",feeding_costs:"Näischt kënnt aus dem Netz. Aspeise kascht {cost} an der Stonn.",own:"D'Haus leeft mat eegenem Stroum, näischt bleift iwwreg.",nothing:"Bal näischt ass ageschalt.",more:"{more} méi bis {end} bleiwen ënner {R}.",no_more:"Bis {end} näischt méi: {R} sinn elo grad agehalen.",next:"An der nächster Véierelstonn bleiwen {more} méi ënner {R}.",next_above:"Mat dëser Leeschtung läit déi nächst Véierelstonn iwwer {R}.",highest:"Déi héchst Véierelstonn an dësem Mount: {peak}.",no_reference:"Wéi eng Referenzleeschtung Äre Kontrakt huet, steet op Ärer Rechnung.",enter_reference:"Referenzleeschtung aginn",first_day:"Déi éischt ganz Véierelstonn hält um **{end}** op, den éischte ganzen Dag den {day}, den éischte ganze Mount den {month}.",counted:"{range}, gezielt zënter {time}",of:"{mean} vun {R}",so_far:"{range}: bis elo {energy}",projected:"{range}: bis elo {energy}, um Enn ongeféier {mean} vun {R}",not_present:"Dat ass de leschte Wäert, net deen elo.",nothing_unverified:"Ongepréiftes gëtt weder gewisen nach gezielt.",awaited:"De Compteur gëtt gelies: säin nächsten Telegramm gëtt erwaart.",meter_draws:"bezitt {power}",meter_feeds:"speist {power} an",meter_nothing:"bezitt näischt"},pt:{name:"Smarty: agora",description:"O que se consome ou injeta agora, e o que se pode ligar",draws:"Consome da rede",feeds:"Injeta na rede",balanced:"Não consome da rede",last_draws:"Último: consumia da rede",last_feeds:"Último: injetava na rede",last_balanced:"Último: não consumia da rede",no_value:"Ainda sem valor",unverified:"Ainda sem valor verificado",above:"**Este quarto de hora está acima de {R}.** {so_far} até agora, {by_end} até às {end}: {cost}.",above_unpriced:"**Este quarto de hora está acima de {R}.** {so_far} até agora, {by_end} até às {end}.",less:"**Com {less} a menos até às {end}** fica abaixo de {R}. Senão {above} acima: {cost}.",less_unpriced:"**Com {less} a menos até às {end}** fica abaixo de {R}. Senão {above} acima.",under:"menos de {value}",feeding:"Nada vem da rede. A injeção rende {earned} por hora.",feeding_unpriced:"Nada vem da rede.",feeding_costs:"Nada vem da rede. A injeção custa {cost} por hora.",own:"A casa vive da sua própria eletricidade, sem excedente.",nothing:"Quase nada está ligado.",more:"Mais {more} até às {end} ficam abaixo de {R}.",no_more:"Nada mais até às {end}: está mesmo no limite de {R}.",next:"No próximo quarto de hora, mais {more} ficam abaixo de {R}.",next_above:"Com esta potência, o próximo quarto de hora ficará acima de {R}.",highest:"O quarto de hora mais alto deste mês: {peak}.",no_reference:"A potência de referência do seu contrato está na sua fatura.",enter_reference:"Introduzir a potência de referência",first_day:"O primeiro quarto de hora completo termina às **{end}**, o primeiro dia completo a {day}, o primeiro mês completo a {month}.",counted:"{range}, contado desde as {time}",of:"{mean} de {R}",so_far:"{range}: {energy} até agora",projected:"{range}: {energy} até agora, cerca de {mean} de {R} no fim",not_present:"Este é o último valor, não o atual.",nothing_unverified:"Nada por verificar é mostrado ou contado.",awaited:"O contador está a ser lido: espera-se o próximo telegrama.",meter_draws:"consome {power}",meter_feeds:"injeta {power}",meter_nothing:"não consome"}};var Oe=_a,Mc=60,Sc=9e5,_e=r=>typeof r=="number"&&Number.isFinite(r)?r:null;function ba(r,t){let e=r.values??{},n=_e(e.power_net);if(n===null)return;let s=r.quarter_hour,o=Date.parse(s?.end??""),i=(o-Date.parse(s?.time??""))/1e3,a=_e(s?s.reference_kw:t.reference_kw);return{power:n,reference:a!==null&&a>0?a:null,energy:(_e(s?.imported_wh)??0)/1e3,secondsLeft:i>0?i:1,end:new Date(o||0),isWhole:!!s&&Date.parse(s.measured_since)<=Date.parse(s.start),connection:_e(t.connection_kva),feedsIn:t.feeds_in??!1,feedInPrice:_e(e.price_export),excessPrice:_e(t.excess_price),peak:_e(e.demand_peak)}}var Gt=r=>{let t=E(r,1);return t>0?"draws":t<0?"feeds":"balanced"},Wr=({energy:r,power:t,secondsLeft:e})=>r+Math.max(0,t)*e/3600;function wa(r){let t=Wr(r)*4,e=$e(t),n=E(t,e);return r.reference!==null&&t>r.reference&&n<=r.reference?Dn(t,e):n}function va(r,t){let{power:e,reference:n,energy:s,secondsLeft:o}=r,i=(h,y={})=>t.text(Oe,h,y),a=t.time(r.end),u=Tc(r,t);if(u)return u;let l=Gt(e);if(l==="feeds"){let h=r.feedInPrice===null?0:E(-e*r.feedInPrice,2);return h<0?i("feeding_costs",{cost:t.cents(-h)}):h?i("feeding",{earned:t.cents(h)}):i("feeding_unpriced")}if(l==="balanced")return i(r.feedsIn?"own":"nothing");if(n===null)return r.peak===null?"":i("highest",{peak:t.kW(r.peak)});let d=t.referenceKW(n),c=r.connection||Number.POSITIVE_INFINITY,p=h=>t.kW(kr(h,$e(h)));if(o<Mc||!r.isWhole){let h=Math.min(n,c)-e;return h<0?i("next_above",{R:d}):i("next",{more:p(h),R:d})}let m=Math.min((n/4-s)*3600/o,c)-e;return m<.1?i("no_more",{end:a,R:d}):i("more",{more:p(m),end:a,R:d})}function Tc(r,t){let{reference:e,energy:n}=r;if(e===null||!r.isWhole)return;let s=e/4,o=Wr(r)-s;if(o<=0)return;let i={R:t.referenceKW(e),end:t.time(r.end)},a=d=>ya(d,1,c=>t.kWh(c),t),u=(d,c)=>{if(r.excessPrice===null)return t.text(Oe,`${d}_unpriced`,{...i,...c});let p=ya(o*r.excessPrice,2,m=>t.cents(m),t);return t.text(Oe,d,{...i,...c,cost:p})};if(n>s)return u("above",{so_far:a(n-s),by_end:a(o)}).replace(/\.\*\* \p{Ll}/u,c=>c.toUpperCase());let l=r.power-(s-n)*3600/r.secondsLeft;return u("less",{less:t.kW(Dn(l,$e(l))),above:a(o)})}function ya(r,t,e,n){return E(r,t)>0?e(r):n.text(Oe,"under",{value:e(10**-t)})}function xa(r,t,e){let n=new Date(t.measured_since),s=Date.parse(t.start);if(t.last||!r.known_since||Number.isNaN(n.getTime()+s))return;let o=D(n);if(D(new Date(r.known_since))!==o)return;let i=new Date(Date.parse(t.end)+(n.getTime()>s?Sc:0)),a=n.getTime()<=z(o).getTime(),u=o.slice(0,7),l=a&&o.endsWith("-01"),d=j(`${U(u,l?1:2)}-01`,-1);return e.text(Oe,"first_day",{end:e.time(i),day:e.day(z(a?o:j(o,1))),month:e.day(z(d))})}var C,ue,eo,ka,$a,Ma,to,Sa,Ta,Ra,Da,no,jn=class extends P{constructor(){super(...arguments);w(this,C)}otherFeeds(){let{meters:e,meter:n}=this,s=e?.list??[];return!e||s.length>Is?[]:s.filter(({entry_id:o})=>o!==n?.entry_id).map(({entry_id:o})=>e.feed(o))}content(e,n){let{live:s}=n;if(!s)return f`${this.chooser(e,a=>_(this,C,no).call(this,a))}${this.waiting()}`;let o=fa(e,s,n.liveAt,Date.now(),this.locale),i=ba(s,e);return f`${o?ma(o,_(this,C,ka).call(this,o)):x}${this.chooser(e,a=>_(this,C,no).call(this,a))}
      ${o||!i||this.isOld(n)?_(this,C,Ma).call(this,n,i,o):_(this,C,$a).call(this,e,n,s,i)}`}};C=new WeakSet,ue=function(e,n={}){return this.text(Oe,e,n)},eo=function(){return!!this.hass?.user?.is_admin},ka=function({link:e}){return e?g(this,C,eo)?this.link(e.path,e.text):f`<p>${this.text(zr,"ask_admin")}</p>`:x},$a=function(e,n,s,o){let i=Gt(o.power),a=s.quarter_hour,u=a&&xa(e,a,this.locale),l=o.reference!==null&&o.power>o.reference;return f`<header><h2>${_(this,C,ue).call(this,i)}</h2>${this.stamp(n)}</header>
      ${_(this,C,to).call(this,o.power,l?"above":i)}
      <div class="answer">${this.sentence(u??va(o,this.locale))}</div>
      <div class="rest">
        ${o.reference===null&&a?_(this,C,Sa).call(this,e):x}
        ${a&&(o.reference!==null||u)?_(this,C,Ta).call(this,a,o):x}
        ${_(this,C,Da).call(this,e,s)}
      </div>`},Ma=function(e,n,s){let o=e.live?.state==="waiting",i=n?`last_${Gt(n.power)}`:s?.isUnverified?"unverified":"no_value",a=n?"not_present":s?.isUnverified?"nothing_unverified":o?"awaited":void 0;return f`<div class="old">
      <header><h2>${_(this,C,ue).call(this,i)}</h2>${n?this.stamp(e):x}</header>
      ${_(this,C,to).call(this,n?.power,"old")}
      <div class="answer">${a?this.sentence(_(this,C,ue).call(this,a)):x}</div>
    </div>`},to=function(e,n){let s=e===void 0?"–":this.locale.number(Math.abs(e),$e(e)),o=_(this,C,ue).call(this,e===void 0?"no_value":Gt(e));return f`<div class="big ${n}">${this.moreInfo("power_net",s,o)}<small>kW</small></div>`},Sa=function(e){let n=`/config/integrations/integration/smarty_p1#config_entry=${e.entry_id}`;return f`<p class="small">${_(this,C,ue).call(this,"no_reference")}</p>
      ${g(this,C,eo)?this.link(n,_(this,C,ue).call(this,"enter_reference")):x}`},Ta=function(e,n){let{locale:s}=this,o=s.timeRange(new Date(e.start),n.end),i=n.isWhole?n.reference:null,a=Wr(n),u=la(n.energy,i===null?void 0:a,i===null?void 0:i/4),l=i===null?"":s.referenceKW(i),d=wa(n),c=s.kWh(n.energy),p=i===null?_(this,C,ue).call(this,"so_far",{range:o,energy:c}):_(this,C,ue).call(this,"projected",{range:o,energy:c,mean:s.kW(d),R:l}),m=n.isWhole?o:_(this,C,ue).call(this,"counted",{range:o,time:s.time(new Date(e.measured_since))}),h=v=>`${(v*100).toFixed(2)}%`,y=i!==null&&a*4>i;return f`<div class="labels small">
        <span>${m}</span>
        ${i===null?x:f`<span class="mean">${_(this,C,Ra).call(this,`≈ ${s.number(d,$e(d))}`,l,y)}</span>`}
      </div>
      <div class="bar" role="img" aria-label=${p}>
        ${u.parts.map(({kind:v,isEstimate:b,from:k,to:S})=>f`<i class="${v} ${b?"hatched":""}" style="left:${h(k)};width:${h(S-k)}"></i>`)}
        ${u.limit===void 0?x:f`<i class="line" style="left:${h(u.limit)}"></i>`}
      </div>`},Ra=function(e,n,s){let[o="",i=""]=_(this,C,ue).call(this,"of",{mean:`
`,R:n}).split(`
`);return f`${o}<span class=${s?"excess":""}>${e}</span>${i}`},Da=function(e,{values:n={}}){let s=[1,2,3].map(a=>_e(n[`power_net_l${a}`])??void 0),o=s.filter(a=>a!==void 0).length;if(e.phases===1||o<2)return x;let i=a=>`${(a*100).toFixed(2)}%`;return f`<div class="phases small">
      ${da(s).map(({name:a,power:u,from:l,to:d})=>f`<div>
          <div class="labels"><span>${a}</span><span>${u===void 0?"–":this.locale.kW(u)}</span></div>
          <div class="track" aria-hidden="true">
            <i class=${(u??0)<0?"fed":"drawn"} style="left:${i(l)};width:${i(d-l)}"></i>
            <i class="line"></i>
          </div>
        </div>`)}
    </div>`},no=function(e){let n=_e(e.live?.values?.power_net);if(n===null||e.live?.state!=="receiving"||this.isOld(e))return"–";let s=Gt(n);return s==="balanced"?_(this,C,ue).call(this,"meter_nothing"):_(this,C,ue).call(this,`meter_${s}`,{power:this.locale.kW(Math.abs(n))})},jn.styles=[F,ha];var Aa={en:{name:"Smarty: quality",description:"Voltage, supply and reception, or interruptions",part:"Shows",voltage:"Voltage",supply:"Supply and reception",interruptions:"Interruptions",and:"{a} and {b}",now:"now",days_one:"{count} day",days_other:"{count} days",not_read:"The meter is not being read now. The card goes on as soon as it is.",within_1:"Within {low}–{high} V",within_2:"Both within {low}–{high} V",within_3:"All three within {low}–{high} V",since:"{what} since {time}.",above_alone:"**Above {limit} for about {duration}**, highest {extreme}.",below_alone:"**Below {limit} for about {duration}**, lowest {extreme}.",above_one:"**{phases} was above {limit} for about {duration}**, highest {extreme}.",below_one:"**{phases} was below {limit} for about {duration}**, lowest {extreme}.",above_more:"**{phases} were above {limit}**, the longest for about {duration}, highest {extreme}.",below_more:"**{phases} were below {limit}**, the longest for about {duration}, lowest {extreme}.",highest:"highest {value}",lowest:"lowest {value}",no_voltage_yet:"No voltage is known yet. The lines begin with the first telegram.",no_voltage_lately:"No voltage was received in the last 24 hours.",sends_no_voltage:"This meter sends no voltage.",voltage_chart:"Voltage of the last 24 hours",hour:"Hour",connected:"Connected; last telegram {ago}.",ready_for_reconnection:"**The power is cut.** Press the button on the meter to switch it on again. Last telegram {ago}.",disconnected:"**Switched off:** the breaker in the meter is open, nothing comes from the grid. Last telegram {ago}.",reception:"Last telegram {ago}.",ago:"{time} ago",silent:"**No telegram for {duration}**, the last one {when}.",at_time:"at {time}",at_day:"on {day}, {time}",no_telegram_yet:"No telegram yet. What the meter says stands here as soon as the first one has come.",breaker:"Breaker",relays:"Relay 1 / 2",relay_1:"Relay 1",relay_2:"Relay 2",limit:"Connection limit",is_connected:"On",is_disconnected:"Off",is_ready_for_reconnection:"Ready",telegrams:"Telegrams, 24 hours",telegrams_since:"Telegrams since {time}",gap:"{range}: {duration} without",longest_gap:"longest gap {range}: {duration}",no_gap:"no gap longer than a minute",received:"Received",last_message:"Last message of the grid operator, {date}",no_message:"Last message: none yet",power_failure:"Power failures",voltage_sag:"Voltage dips",voltage_swell:"Voltage rises",power_failure_one:"{count} power failure",power_failure_other:"{count} power failures",voltage_sag_one:"{count} voltage dip",voltage_sag_other:"{count} voltage dips",voltage_swell_one:"{count} voltage rise",voltage_swell_other:"{count} voltage rises",last_power_failure:"Nothing in the last 30 days; last power failure {day}.",last_voltage_sag:"Nothing in the last 30 days; last voltage dip {day}.",last_voltage_swell:"Nothing in the last 30 days; last voltage rise {day}.",nothing:"Nothing in the last 30 days.",nothing_since:"Nothing since {day}, when reading began.",some:"**{what}** in the last 30 days, the last one {when}.",some_since:"**{what}** since {day}, when reading began; the last one {when}.",between:"between {after} and {time}",no_later_than:"not later than {time}",seen:"seen",earlier:"earlier, undated",not_counted:"not counted by this meter",counts_only:"The meter only counts: what came before its first reading has no date.",counts_nothing:"This meter counts no interruptions.",no_counts_yet:"Nothing is known yet. What the meter counts stands here with its first telegram.",when:"When",what:"What",how_many:"How many",phases:"Phases",months_one:"{count} month",months_other:"{count} months"},de:{name:"Smarty: Qualität",description:"Spannung, Versorgung und Empfang, oder Unterbrechungen",part:"Zeigt",voltage:"Spannung",supply:"Versorgung und Empfang",interruptions:"Unterbrechungen",and:"{a} und {b}",now:"jetzt",days_one:"{count} Tag",days_other:"{count} Tage",not_read:"Der Zähler wird gerade nicht ausgelesen. Die Karte macht weiter, sobald er es wird.",within_1:"Zwischen {low} und {high} V",within_2:"Beide zwischen {low} und {high} V",within_3:"Alle drei zwischen {low} und {high} V",since:"{what} seit {time}.",above_alone:"**Etwa {duration} über {limit}**, höchstens {extreme}.",below_alone:"**Etwa {duration} unter {limit}**, tiefster Wert {extreme}.",above_one:"**{phases} war etwa {duration} über {limit}**, höchstens {extreme}.",below_one:"**{phases} war etwa {duration} unter {limit}**, tiefster Wert {extreme}.",above_more:"**{phases} waren über {limit}**, am längsten etwa {duration}, höchstens {extreme}.",below_more:"**{phases} waren unter {limit}**, am längsten etwa {duration}, tiefster Wert {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Noch ist keine Spannung bekannt. Die Linien beginnen mit dem ersten Telegramm.",no_voltage_lately:"In den letzten 24 Stunden kam keine Spannung an.",sends_no_voltage:"Dieser Zähler sendet keine Spannung.",voltage_chart:"Spannung der letzten 24 Stunden",hour:"Stunde",connected:"Verbunden; letztes Telegramm {ago}.",ready_for_reconnection:"**Der Strom ist aus.** Mit der Taste am Zähler schaltest du ihn wieder ein. Letztes Telegramm {ago}.",disconnected:"**Ausgeschaltet:** Der Trennschalter im Zähler ist offen, aus dem Netz kommt nichts. Letztes Telegramm {ago}.",reception:"Letztes Telegramm {ago}.",ago:"vor {time}",silent:"**Seit {duration} kein Telegramm**, das letzte {when}.",at_time:"um {time}",at_day:"am {day}, {time}",no_telegram_yet:"Noch kein Telegramm. Was der Zähler sagt, steht hier, sobald das erste da ist.",breaker:"Trennschalter",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Anschlussgrenze",is_connected:"Ein",is_disconnected:"Aus",is_ready_for_reconnection:"Bereit",telegrams:"Telegramme, 24 Stunden",telegrams_since:"Telegramme seit {time}",gap:"{range}: {duration} ohne",longest_gap:"längste Lücke {range}: {duration}",no_gap:"keine Lücke über eine Minute",received:"Empfangen",last_message:"Letzte Nachricht des Netzbetreibers, {date}",no_message:"Letzte Nachricht: noch keine",power_failure:"Strom­ausfälle",voltage_sag:"Spannungs­einbrüche",voltage_swell:"Über­spannungen",power_failure_one:"{count} Stromausfall",power_failure_other:"{count} Stromausfälle",voltage_sag_one:"{count} Spannungseinbruch",voltage_sag_other:"{count} Spannungseinbrüche",voltage_swell_one:"{count} Überspannung",voltage_swell_other:"{count} Überspannungen",last_power_failure:"Nichts in den letzten 30 Tagen; letzter Stromausfall am {day}.",last_voltage_sag:"Nichts in den letzten 30 Tagen; letzter Spannungseinbruch am {day}.",last_voltage_swell:"Nichts in den letzten 30 Tagen; letzte Überspannung am {day}.",nothing:"Nichts in den letzten 30 Tagen.",nothing_since:"Nichts seit dem {day}, als das Auslesen begann.",some:"**{what}** in den letzten 30 Tagen, zuletzt {when}.",some_since:"**{what}** seit dem {day}, als das Auslesen begann; zuletzt {when}.",between:"zwischen {after} und {time}",no_later_than:"nicht später als {time}",seen:"gesehen",earlier:"früher, ohne Datum",not_counted:"zählt dieser Zähler nicht",counts_only:"Der Zähler zählt nur: Was vor der ersten Auslesung war, hat kein Datum.",counts_nothing:"Dieser Zähler zählt keine Unterbrechungen.",no_counts_yet:"Noch ist nichts bekannt. Was der Zähler zählt, steht hier mit dem ersten Telegramm.",when:"Wann",what:"Was",how_many:"Wie viele",phases:"Phasen",months_one:"{count} Monat",months_other:"{count} Monate"},fr:{name:"Smarty : qualité",description:"Tension, alimentation et réception, ou perturbations",part:"Affiche",voltage:"Tension",supply:"Alimentation et réception",interruptions:"Perturbations",and:"{a} et {b}",now:"maintenant",days_one:"{count} jour",days_other:"{count} jours",not_read:"Le compteur n'est pas lu en ce moment. La carte reprend dès qu'il l'est.",within_1:"Entre {low} et {high} V",within_2:"Les deux entre {low} et {high} V",within_3:"Les trois entre {low} et {high} V",since:"{what} depuis {time}.",above_alone:"**Au-dessus de {limit} pendant environ {duration}**, au plus {extreme}.",below_alone:"**En dessous de {limit} pendant environ {duration}**, au plus bas {extreme}.",above_one:"**{phases} était au-dessus de {limit} pendant environ {duration}**, au plus {extreme}.",below_one:"**{phases} était en dessous de {limit} pendant environ {duration}**, au plus bas {extreme}.",above_more:"**{phases} étaient au-dessus de {limit}**, jusqu'à environ {duration}, au plus {extreme}.",below_more:"**{phases} étaient en dessous de {limit}**, jusqu'à environ {duration}, au plus bas {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Aucune tension n'est encore connue. Les courbes commencent avec le premier télégramme.",no_voltage_lately:"Aucune tension reçue ces dernières 24 heures.",sends_no_voltage:"Ce compteur n'envoie pas de tension.",voltage_chart:"Tension des dernières 24 heures",hour:"Heure",connected:"Connecté ; dernier télégramme {ago}.",ready_for_reconnection:"**Le courant est coupé.** Appuyez sur le bouton du compteur pour le rétablir. Dernier télégramme {ago}.",disconnected:"**Coupé :** le disjoncteur du compteur est ouvert, rien ne vient du réseau. Dernier télégramme {ago}.",reception:"Dernier télégramme {ago}.",ago:"il y a {time}",silent:"**Aucun télégramme depuis {duration}**, le dernier {when}.",at_time:"à {time}",at_day:"le {day}, {time}",no_telegram_yet:"Pas encore de télégramme. Ce que dit le compteur apparaît ici dès le premier.",breaker:"Disjoncteur",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Limite du raccordement",is_connected:"Enclenché",is_disconnected:"Coupé",is_ready_for_reconnection:"Prêt",telegrams:"Télégrammes, 24 heures",telegrams_since:"Télégrammes depuis {time}",gap:"{range} : {duration} sans réception",longest_gap:"plus longue interruption {range} : {duration}",no_gap:"aucune interruption de plus d'une minute",received:"Reçu",last_message:"Dernier message du gestionnaire, {date}",no_message:"Dernier message : aucun encore",power_failure:"Coupures",voltage_sag:"Creux de tension",voltage_swell:"Surtensions",power_failure_one:"{count} coupure",power_failure_other:"{count} coupures",voltage_sag_one:"{count} creux de tension",voltage_sag_other:"{count} creux de tension",voltage_swell_one:"{count} surtension",voltage_swell_other:"{count} surtensions",last_power_failure:"Rien depuis 30 jours ; dernière coupure le {day}.",last_voltage_sag:"Rien depuis 30 jours ; dernier creux de tension le {day}.",last_voltage_swell:"Rien depuis 30 jours ; dernière surtension le {day}.",nothing:"Rien depuis 30 jours.",nothing_since:"Rien depuis le {day}, début de la lecture.",some:"**{what}** en 30 jours ; en dernier {when}.",some_since:"**{what}** depuis le {day}, début de la lecture ; en dernier {when}.",between:"entre {after} et {time}",no_later_than:"au plus tard {time}",seen:"vues",earlier:"avant, sans date",not_counted:"non compté par ce compteur",counts_only:"Le compteur ne fait que compter : ce qui précède la première lecture n'a pas de date.",counts_nothing:"Ce compteur ne compte pas les perturbations.",no_counts_yet:"Rien n'est encore connu. Ce que compte le compteur apparaît ici avec le premier télégramme.",when:"Quand",what:"Quoi",how_many:"Combien",phases:"Phases",months_one:"{count} mois",months_other:"{count} mois"},lb:{name:"Smarty: Qualitéit",description:"Spannung, Versuergung an Empfang, oder Ënnerbriechungen",part:"Weist",voltage:"Spannung",supply:"Versuergung an Empfang",interruptions:"Ënnerbriechungen",and:"{a} an {b}",now:"elo",days_one:"{count} Dag",days_other:"{count} Deeg",not_read:"De Compteur gëtt grad net ausgelies. D'Kaart geet virun, soubal en et gëtt.",within_1:"Tëscht {low} an {high} V",within_2:"Béid tëscht {low} an {high} V",within_3:"All dräi tëscht {low} an {high} V",since:"{what} zanter {time}.",above_alone:"**Ongeféier {duration} iwwer {limit}**, héchstens {extreme}.",below_alone:"**Ongeféier {duration} ënner {limit}**, déifste Wäert {extreme}.",above_one:"**{phases} war ongeféier {duration} iwwer {limit}**, héchstens {extreme}.",below_one:"**{phases} war ongeféier {duration} ënner {limit}**, déifste Wäert {extreme}.",above_more:"**{phases} waren iwwer {limit}**, am längsten ongeféier {duration}, héchstens {extreme}.",below_more:"**{phases} waren ënner {limit}**, am längsten ongeféier {duration}, déifste Wäert {extreme}.",highest:"max. {value}",lowest:"min. {value}",no_voltage_yet:"Nach ass keng Spannung bekannt. D'Linne fänke mam éischten Telegramm un.",no_voltage_lately:"An de leschte 24 Stonne koum keng Spannung un.",sends_no_voltage:"Dëse Compteur schéckt keng Spannung.",voltage_chart:"Spannung vun de leschte 24 Stonnen",hour:"Stonn",connected:"Verbonnen; lescht Telegramm {ago}.",ready_for_reconnection:"**De Stroum ass aus.** Mam Knäppchen um Compteur schalt Dir en nees un. Lescht Telegramm {ago}.",disconnected:"**Ausgeschalt:** den Disjoncteur am Compteur ass op, vum Netz kënnt näischt. Lescht Telegramm {ago}.",reception:"Lescht Telegramm {ago}.",ago:"virun {time}",silent:"**Zanter {duration} keen Telegramm**, dat lescht {when}.",at_time:"um {time}",at_day:"den {day}, {time}",no_telegram_yet:"Nach keen Telegramm. Wat de Compteur seet, steet hei, soubal dat éischt do ass.",breaker:"Disjoncteur",relays:"Relais 1 / 2",relay_1:"Relais 1",relay_2:"Relais 2",limit:"Limitt vum Uschloss",is_connected:"Un",is_disconnected:"Aus",is_ready_for_reconnection:"Prett",telegrams:"Telegrammen, 24 Stonnen",telegrams_since:"Telegrammen zanter {time}",gap:"{range}: {duration} ouni",longest_gap:"längst Lück {range}: {duration}",no_gap:"keng Lück iwwer eng Minutt",received:"Empfaangen",last_message:"Leschte Message vum Netzbedreiwer, {date}",no_message:"Leschte Message: nach keen",power_failure:"Stroumpannen",voltage_sag:"Spannungs­ofsenkungen",voltage_swell:"Iwwer­spannungen",power_failure_one:"{count} Stroumpann",power_failure_other:"{count} Stroumpannen",voltage_sag_one:"{count} Spannungsofsenkung",voltage_sag_other:"{count} Spannungsofsenkungen",voltage_swell_one:"{count} Iwwerspannung",voltage_swell_other:"{count} Iwwerspannungen",last_power_failure:"Näischt an de leschten 30 Deeg; lescht Stroumpann den {day}.",last_voltage_sag:"Näischt an de leschten 30 Deeg; lescht Spannungsofsenkung den {day}.",last_voltage_swell:"Näischt an de leschten 30 Deeg; lescht Iwwerspannung den {day}.",nothing:"Näischt an de leschten 30 Deeg.",nothing_since:"Näischt zanter dem {day}, wéi d'Ausliesen ugefaangen huet.",some:"**{what}** an de leschten 30 Deeg, fir d'lescht {when}.",some_since:"**{what}** zanter dem {day}, wéi d'Ausliesen ugefaangen huet; fir d'lescht {when}.",between:"tëscht {after} an {time}",no_later_than:"net méi spéit wéi {time}",seen:"gesinn",earlier:"virdrun, ouni Datum",not_counted:"zielt dëse Compteur net",counts_only:"De Compteur zielt nëmmen: wat virun der éischter Ausliesung war, huet keen Datum.",counts_nothing:"Dëse Compteur zielt keng Ënnerbriechungen.",no_counts_yet:"Nach ass näischt bekannt. Wat de Compteur zielt, steet hei mam éischten Telegramm.",when:"Wéini",what:"Wat",how_many:"Wéi vill",phases:"Phasen",months_one:"{count} Mount",months_other:"{count} Méint"},pt:{name:"Smarty: qualidade",description:"Tensão, alimentação e receção, ou interrupções",part:"Mostra",voltage:"Tensão",supply:"Alimentação e receção",interruptions:"Interrupções",and:"{a} e {b}",now:"agora",days_one:"{count} dia",days_other:"{count} dias",not_read:"O contador não está a ser lido. O cartão continua assim que o for.",within_1:"Entre {low} e {high} V",within_2:"Ambas entre {low} e {high} V",within_3:"As três entre {low} e {high} V",since:"{what} desde {time}.",above_alone:"**Acima de {limit} durante cerca de {duration}**, máximo {extreme}.",below_alone:"**Abaixo de {limit} durante cerca de {duration}**, mínimo {extreme}.",above_one:"**{phases} esteve acima de {limit} durante cerca de {duration}**, máximo {extreme}.",below_one:"**{phases} esteve abaixo de {limit} durante cerca de {duration}**, mínimo {extreme}.",above_more:"**{phases} estiveram acima de {limit}**, até cerca de {duration}, máximo {extreme}.",below_more:"**{phases} estiveram abaixo de {limit}**, até cerca de {duration}, mínimo {extreme}.",highest:"máx. {value}",lowest:"mín. {value}",no_voltage_yet:"Ainda não se conhece nenhuma tensão. As linhas começam com o primeiro telegrama.",no_voltage_lately:"Nenhuma tensão recebida nas últimas 24 horas.",sends_no_voltage:"Este contador não envia a tensão.",voltage_chart:"Tensão das últimas 24 horas",hour:"Hora",connected:"Ligado; último telegrama {ago}.",ready_for_reconnection:"**A corrente está cortada.** Prima o botão do contador para a religar. Último telegrama {ago}.",disconnected:"**Desligado:** o disjuntor do contador está aberto, nada vem da rede. Último telegrama {ago}.",reception:"Último telegrama {ago}.",ago:"há {time}",silent:"**Nenhum telegrama há {duration}**, o último {when}.",at_time:"às {time}",at_day:"em {day}, {time}",no_telegram_yet:"Ainda sem telegramas. O que o contador diz aparece aqui logo que chegue o primeiro.",breaker:"Disjuntor",relays:"Relé 1 / 2",relay_1:"Relé 1",relay_2:"Relé 2",limit:"Limite da ligação",is_connected:"Ligado",is_disconnected:"Desligado",is_ready_for_reconnection:"Pronto",telegrams:"Telegramas, 24 horas",telegrams_since:"Telegramas desde {time}",gap:"{range}: {duration} sem",longest_gap:"maior falha {range}: {duration}",no_gap:"nenhuma falha de mais de um minuto",received:"Recebido",last_message:"Última mensagem do operador da rede, {date}",no_message:"Última mensagem: ainda nenhuma",power_failure:"Cortes",voltage_sag:"Cavas de tensão",voltage_swell:"Sobretensões",power_failure_one:"{count} corte",power_failure_other:"{count} cortes",voltage_sag_one:"{count} cava de tensão",voltage_sag_other:"{count} cavas de tensão",voltage_swell_one:"{count} sobretensão",voltage_swell_other:"{count} sobretensões",last_power_failure:"Nada nos últimos 30 dias; último corte em {day}.",last_voltage_sag:"Nada nos últimos 30 dias; última cava de tensão em {day}.",last_voltage_swell:"Nada nos últimos 30 dias; última sobretensão em {day}.",nothing:"Nada nos últimos 30 dias.",nothing_since:"Nada desde {day}, início da leitura.",some:"**{what}** nos últimos 30 dias, o último {when}.",some_since:"**{what}** desde {day}, início da leitura; o último {when}.",between:"entre {after} e {time}",no_later_than:"o mais tardar {time}",seen:"vistas",earlier:"antes, sem data",not_counted:"não contado por este contador",counts_only:"O contador só conta: o que veio antes da primeira leitura não tem data.",counts_nothing:"Este contador não conta interrupções.",no_counts_yet:"Ainda nada se sabe. O que o contador conta aparece aqui com o primeiro telegrama.",when:"Quando",what:"O quê",how_many:"Quantas",phases:"Fases",months_one:"{count} mês",months_other:"{count} meses"}};var We=Aa,M=(r,t,e={})=>r.text(We,t,e);function Zt(r,t){let e=r.at(-1)??"";return r.length<2?e:M(t,"and",{a:r.slice(0,-1).join(", "),b:e})}function Bn(r,t){let e=Math.max(0,Math.round(r/1e3));if(e<60)return t.unit(e,"s");let n=Math.round(e/60);if(n<60)return t.unit(n,"min");if(n>=2880)return t.count(We,"days",Math.floor(n/1440));let s=t.unit(Math.floor(n/60),"h");return n%60?`${s} ${t.unit(n%60,"min")}`:s}function se(r){let t=typeof r=="string"?Date.parse(r):Number.NaN;return Number.isNaN(t)?void 0:t}var Re=["power_failure","voltage_sag","voltage_swell"],Ir=864e5,Dc=365*Ir,Ac=6e5,Ea=r=>typeof r=="number"&&r>=0&&r<1e9?Math.floor(r):void 0;function Ca(r,t){let n=(Array.isArray(r.disturbances)?r.disturbances:[]).flatMap(u=>{let[l,d,c]=[se(u.time),Ea(u.count),se(u.after)],p=Re.find(h=>h===u.kind);if(!p||!d||l===void 0)return[];let m=(Array.isArray(u.phases)?u.phases:[]).filter(h=>/^L[123]$/.test(h));return[{kind:p,time:Math.min(l,t),after:c!==void 0&&c<l?c:void 0,count:d,phases:m}]}).sort((u,l)=>u.time-l.time),s={},o={};for(let u of Re){let l=Ea(r.undated?.[u]),d=n.filter(c=>c.kind===u);l===void 0&&!d.length||(s[u]=d.reduce((c,{count:p})=>c+p,0),l!==void 0&&(o[u]=l))}let i=n[0]?.time,a=se(r.reception?.since);return{all:n,seen:s,undated:o,start:Math.min(t-Dc,i??t),end:t,since:a===void 0?i:Math.min(a,i??a)}}var La=({start:r,end:t})=>Math.max(12,Math.round((t-r)/(Ir*30.44)));function Na(r,t){let e=Re.flatMap(n=>{let s=r.filter(o=>o.kind===n).reduce((o,i)=>o+i.count,0);return s?[t.count(We,n,s)]:[]});return Zt(e,t)}var gt=(r,t,e)=>t-r<330*Ir?e.day(new Date(r)):e.date(new Date(r));function qr(r,t,e){return`${gt(r,t,e)}, ${e.time(new Date(r))}`}var Un=({time:r,after:t})=>t===void 0||r-t>Ac;function ro(r,t,e){let n=qr(r.time,t,e);if(r.after===void 0)return M(e,"no_later_than",{time:n});if(Un(r))return M(e,"between",{after:qr(r.after,t,e),time:n});let s=gt(r.time,t,e);return M(e,"at_day",{day:s,time:e.time(new Date(r.time))})}function za(r,t,e){let{all:n,since:s,seen:o}=r;if(s===void 0&&!Object.keys(o).length)return M(e,"no_counts_yet");if(!Object.keys(o).length)return M(e,"counts_nothing");let i=t-30*Ir,a=n.filter(({time:d})=>d>=i),u=n.at(-1),l=s!==void 0&&s>i;if(a.length&&u){let d={what:Na(a,e),when:ro(u,t,e)};return l?M(e,"some_since",{...d,day:gt(s,t,e)}):M(e,"some",d)}return l?M(e,"nothing_since",{day:gt(s,t,e)}):u?M(e,`last_${u.kind}`,{day:gt(u.time,t,e)}):M(e,"nothing")}function Oa(r,t,e){let[n,s]=[r[0],r.at(-1)];if(!n||!s)return"";let o=[gt(n.time,t,e),gt(s.time,t,e)],i=D(new Date(n.time))===D(new Date(s.time)),a=Un(n)?ro(n,t,e):qr(n.time,t,e),u=r.length===1?a:i?o[0]:o.join("–"),l=[...new Set(r.flatMap(c=>c.phases))].sort(),d=l.length?` (${Zt(l,e)})`:"";return`**${u.charAt(0).toLocaleUpperCase()}${u.slice(1)}:** ${Na(r,e)}${d}`}function Wa({all:r},t,e){return[...r].reverse().map(n=>[Un(n)?ro(n,t,e):qr(n.time,t,e),e.count(We,n.kind,n.count),n.phases.length?Zt(n.phases,e):"–"])}var Qt=44,Pr=60,Ec=14,Cc=5,Lc=9,qa=10,Nc=7.5,zc=2,Oc=34,ft=r=>Math.round(r*10)/10,Fn=r=>Math.min(Lc,Cc+1.6*Math.log2(Math.max(1,r)));function Ia(r,t,e=Qt){let n=Math.max(40,t)-2*qa,s=i=>ft(qa+n*Math.max(0,Math.min(1,(i-r.start)/(r.end-r.start||1)))),o={width:t,kindHeight:e,marks:[],paths:{power_failure:"",voltage_sag:"",voltage_swell:""},labels:[],vague:"",from:s(r.since??r.end),lines:{},months:Pc(r,s,n)};return Re.forEach((i,a)=>{if(r.seen[i]===void 0)return;let u=(a+1)*e-Ec;o.lines[i]=u;let l=qc(r.all.filter(c=>c.kind===i),s).map(c=>({kind:i,x:ft((s(c[0].time)+s(c.at(-1).time))/2),y:u,count:Wc(c),joined:c})),d=Number.NEGATIVE_INFINITY;for(let c of l){o.paths[i]+=Ic(c);let p=String(c.count).length*Nc/2;c.x-p<d||(d=c.x+p+zc,o.labels.push({x:c.x,y:u-13,text:c.count}))}for(let c of r.all){if(c.kind!==i||!Un(c)||c.after===void 0)continue;let[p,m]=[s(c.after),s(c.time)];m-p>2&&(o.vague+=`M${p} ${u}H${m}`)}o.marks.push(...l)}),o.marks.sort((i,a)=>i.x-a.x||i.y-a.y),o}var Wc=r=>r.reduce((t,e)=>t+e.count,0);function qc(r,t){let e=[];for(let n of r){let s=e.at(-1),o=t(n.time);s&&o-s.first<Fn(s.count)+Fn(n.count)?(s.all.push(n),s.count+=n.count):e.push({first:o,count:n.count,all:[n]})}return e.map(n=>n.all)}function Ic({kind:r,x:t,y:e,count:n}){let s=ft(Fn(n)),[o,i,a,u]=[ft(t-s),ft(t+s),ft(e-s),ft(e+s)];if(r==="power_failure")return`M${o} ${a}L${i} ${u}M${o} ${u}L${i} ${a}`;let[l,d]=r==="voltage_sag"?[a,u]:[u,a];return`M${o} ${l}L${i} ${l}L${t} ${d}Z`}function Pc({start:r,end:t},e,n){let s=[],o=U(D(new Date(r)).slice(0,7),1);for(let u=z(`${o}-01`);u.getTime()<=t&&s.length<15;u=z(`${o}-01`))s.push({x:e(u.getTime()),time:u,isNamed:!1}),o=U(o,1);let i=n/Oc,a=[1,2,3,4,6].find(u=>s.length/u<=i)??12;return s.forEach((u,l)=>u.isNamed=l%a===0),s}var Pa=r=>Math.round(r*10)/10;function Ha(r){let t=Math.min(200,r.limits[0],...r.phases.map(({min:l})=>l)),e=Math.max(260,r.limits[1],...r.phases.map(({max:l})=>l)),n=l=>Pa(56*(e-l)/(e-t)),s=r.phases.map(({lowest:l,highest:d},c)=>{let p=(h,y)=>`${h} ${Pa(c*64+n(y))}`,m="";for(let h=0;h<l.length;h+=1){if(l[h]===null)continue;let y=h;for(;y+1<l.length&&l[y+1]!==null;)y+=1;let v=[p(h,d[h])],b=[p(h,l[h])];for(let k=h;k<=y;k+=1)v.push(p(k+.5,d[k])),b.push(p(k+.5,l[k]));v.push(p(y+1,d[y])),b.push(p(y+1,l[y])),m+=`M${[...v,...b.reverse()].join("L")}Z`,h=y}return m}),o={top:n(r.limits[1]),bottom:n(r.limits[0])},i=r.phases.some(({above:l,below:d})=>l||d),a=(l,d)=>`M0 ${l}H${r.rows}V${d}H0Z`,u=r.phases.map((l,d)=>d*64).map(l=>a(l-1,l+o.top)+a(l+o.bottom,l+56+1)).join("");return{band:o,paths:s,beyond:i?u:""}}function oe(r){let t,e;return(...n)=>((!t||n.some((s,o)=>!Object.is(s,t[o])))&&(e=r(...n),t=n),e)}var so=28,Ka=O`
  .kinds {
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${Qt}px) ${so}px;
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
    grid-template-rows: auto repeat(3, ${Pr}px) ${so}px;
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
`;function Va({found:r,drawing:t,locale:e,chosen:n,label:s,reading:o}){let{marks:i,months:a,lines:u,kindHeight:l}=t,d=Re.length*l,c=b=>b===void 0?"–":e.number(b),p=(b,k)=>{let S=`grid-row:${k+2}`;return f`<div class="kind" style="grid-column:1;${S}">${M(e,b)}</div>
      <div class="count" style="grid-column:3;${S}">${c(r.seen[b])}</div>
      <div class="count quiet" style="grid-column:4;${S}">${c(r.undated[b])}</div>`},m=n.index===void 0?void 0:i[n.index],h=A`
    ${Re.map((b,k)=>u[b]===void 0?A`<text class="words" x="10" y=${(k+1)*l-10}>${M(e,"not_counted")}</text>`:A`<path class="axis" d=${`M${t.from} ${u[b]}H${t.width-10}`}></path>`)}
    ${a.map(({x:b,time:k,isNamed:S})=>A`<path class="axis" d=${`M${b} ${d}v${S?6:3}`}></path>
      ${S?A`<text x=${b} y=${d+22}>${e.shortMonth(k)}</text>`:x}`)}
    <path class="vague" d=${t.vague}></path>
    ${Re.map(b=>A`<path class=${b} d=${t.paths[b]}></path>`)}
    ${t.labels.map(({x:b,y:k,text:S})=>A`<text x=${b} y=${k}>${e.number(S)}</text>`)}
    ${m?A`<circle class="chosen" cx=${m.x} cy=${m.y} r=${Fn(m.count)+4}></circle>`:x}`,y={width:t.width,height:d+so},v=f`<svg viewBox="0 0 ${y.width} ${y.height}" height=${y.height} aria-hidden="true">${h}</svg>`;return f`<div class="kinds ${l>Qt?"narrow":""}">
    <small class="head period" style="grid-column:2">${e.count(We,"months",La(r))}</small>
    <small class="head" style="grid-column:3">${M(e,"seen")}</small>
    <small class="head earlier" style="grid-column:4">${M(e,"earlier")}</small>
    ${Re.map(p)}
    ${i.length?f`<div class="marks" role="slider" tabindex="0" aria-label=${s} aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=${i.length-1} aria-valuenow=${Math.min(n.index??i.length-1,i.length-1)} aria-valuetext=${o}
            @pointerdown=${n.down} @pointermove=${n.move} @pointerup=${n.up} @pointercancel=${n.up}
            @pointerleave=${n.leave} @keydown=${n.key}>${v}</div>`:f`<div class="marks" role="img" aria-label=${s}>${v}</div>`}
  </div>`}var Gn=36e5,Hc=24,Kc=/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu,Vc=2048,jc=["connected","disconnected","ready_for_reconnection"],ja=r=>jc.find(t=>t===r);function Ba(r,t){let e=ja(r);return e?M(t,`is_${e}`):"–"}function Ua(r,t,e){let n=r?.values?.power_threshold??t.connection_kva;return typeof n!="number"||!Number.isFinite(n)||n<=0?"–":e.unit(n,"kVA",Number.isInteger(Math.round(n*10)/10)?0:1)}var Hr=(r,t)=>se(r?.received_at)??se(t.last_telegram);function Bc(r,t,e){let[n,s]=[new Date(r),e.time(new Date(r))];return D(n)===D(new Date(t))?M(e,"at_time",{time:s}):M(e,"at_day",{day:e.day(n),time:s})}function Fa(r,t,e,n,s){let o=Hr(r,t);if(o===void 0)return M(s,r.gone?"not_read":"no_telegram_yet");let i=Bn(n-o,s),a=M(s,"silent",{duration:i,when:Bc(o,n,s)});return r.gone?`${M(s,"not_read")} ${M(s,"reception",{ago:M(s,"ago",{time:i})})}`:e?a:M(s,ja(r.values?.breaker)??"reception",{ago:M(s,"ago",{time:i})})}function Ga({reception:r},t){let e=Array.isArray(r?.received)?r.received:[],n=e.slice(-Hc).map(c=>typeof c=="number"&&c>=0&&c<=1?c:null),o=(se(r?.start)??t)+(e.length-n.length)*Gn,i=Math.max(o,se(r?.since)??o),a=Math.max(o,Math.min(t,o+n.length*Gn)),[u,l]=[0,0];n.forEach((c,p)=>{if(c===null)return;let m=Math.max(i,o+p*Gn),h=Math.max(1,Math.min(a,o+(p+1)*Gn)-m);u+=c*h,l+=h});let d=(Array.isArray(r?.longest_gaps)?r.longest_gaps:[]).flatMap(c=>{let[p,m]=[se(c.start),se(c.end)];return p!==void 0&&m!==void 0&&m>Math.max(p,o)?[{start:p,end:m}]:[]}).sort((c,p)=>p.end-p.start-(c.end-c.start));return{start:o,since:i,end:a,shares:n,share:l?u/l:null,gaps:d}}function Za({gaps:r,share:t,start:e},n){let[s,o]=r;if(!s)return t===1?M(n,"no_gap"):"";let[i,a]=[new Date(s.start),new Date(s.end)],u=s.start<e?`${n.shortDay(i)}, ${n.timeRange(i,a)}`:n.timeRange(i,a);return M(n,o?"longest_gap":"gap",{range:u,duration:Bn(s.end-s.start,n)})}function Qa({share:r},t){return r===null?"–":t.percent(r,r<1?1:0)}function Ya({start:r,shares:t},e){return t.map((n,s)=>{let o=new Date(r+s*Gn),i=n===null?"–":e.percent(n,n<1?1:0);return[`${e.shortWeekday(o)}, ${e.time(o)}`,i]}).reverse()}function Ja({messages:r}){let t=Array.isArray(r)?r:[];for(let{text:e,time:n}of[...t].reverse()){let s=String(e??"").slice(0,Vc).replace(Kc," ").replace(/\s+/g," ").trim();if(s)return{text:s,time:se(n)}}}var Uc=160,Zn=20,Fc=3,Xa=O`
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
`;function eu(r,t){return f`<dl class=${t?"old":""}>
    ${r.map(([e,n])=>f`<div><dt>${e}</dt><dd>${n}</dd></div>`)}
  </dl>`}function tu(r){let[t,e]=["",""],n=(s,o,i)=>`M${s+.08} ${o}H${s+.92}V${i}H${s+.08}Z`;return r.shares.forEach((s,o)=>{if(s===null)return;let i=s>=1?0:Math.max(Fc,Math.round(Zn*(1-s)));i&&(e+=n(o,0,i)),i<Zn&&(t+=n(o,i,Zn))}),{received:t,missing:e}}function nu(r,t,e){if(r.share===null)return x;let n=Za(r,e),s=M(e,"telegrams_since",{time:e.time(new Date(r.since))}),o=r.since>r.start?s:M(e,"telegrams"),i=Qa(r,e),a=r.shares.length;return f`<div class="hours">
    <dl style="margin:0"><div><dt>${o}</dt><dd>${i}</dd></div></dl>
    <svg viewBox="0 0 ${a} ${Zn}" preserveAspectRatio="none" height=${Zn} role="img" aria-label="${o}: ${i}. ${n}">
      ${A`<path class="missing" d=${t.missing}></path><path class="received" d=${t.received}></path>`}
    </svg>
    <div class="scale"><small>${e.time(new Date(r.start))}</small><small>${n}</small><small>${M(e,"now")}</small></div>
  </div>`}function ru(r,t){let e=Ja(r);if(!e)return f`<div class="message"><p class="small">${M(t,"no_message")}</p></div>`;let n=e.time===void 0?"–":t.date(new Date(e.time)),s=M(t,"last_message",{date:n}),o=e.text.length>Uc;return f`<div class="message">
    <p class="small">${s}</p>
    <p dir="auto" role=${o?"region":x} aria-label=${o?s:x} tabindex=${o?0:x}>${e.text}</p>
  </div>`}var oo=3e5,su=288,Gc=1e5,Zc=3,Kr=r=>typeof r=="number"&&r>=0&&r<Gc?r:null;function ou(r){let[t,e]=[Kr(r.limits?.[0])??207,Kr(r.limits?.[1])??253],n=se(r.start),s={start:n??0,rows:0,limits:[t,e],phases:[],first:0};if(n===void 0)return s;let o=[];for(let i of["L1","L2","L3"]){let a=r.phases?.[i],u=(a?.lowest??[]).slice(0,su).map(Kr),l=(a?.highest??[]).slice(0,su).map(Kr),d=Math.max(u.length,l.length),c=Array.from({length:d},(h,y)=>u[y]??l[y]??null),p=Array.from({length:d},(h,y)=>l[y]??u[y]??null),m=c.flatMap((h,y)=>h===null?[]:[y]);m.length&&(s.phases.push({name:i,lowest:c,highest:p,min:Math.min(...m.map(h=>c[h])),max:Math.max(...m.map(h=>p[h])),above:m.filter(h=>p[h]>e).length,below:m.filter(h=>c[h]<t).length}),s.rows=Math.max(s.rows,d),o.push(m[0]))}return s.first=o.length?Math.min(...o):0,s}function Yt(r,[t,e],n){return r>e&&Math.round(r)<=e?n.number(Dn(r,1),1):r<t&&Math.round(r)>=t?n.number(kr(r,1),1):n.number(r)}function iu(r,t){let[e,n]=r.limits,s=["above","below"].flatMap(i=>{let a=r.phases.filter(c=>c[i]);if(!a.length)return[];let u=i==="above"?Math.max(...a.map(({max:c})=>c)):Math.min(...a.map(({min:c})=>c)),l=Math.max(...a.map(c=>c[i])),d=r.phases.length===1?"alone":a.length===1?"one":"more";return M(t,`${i}_${d}`,{phases:Zt(a.map(({name:c})=>c),t),limit:`${t.number(i==="above"?n:e)} V`,duration:Bn(l*oo,t),extreme:`${Yt(u,r.limits,t)} V`})});if(s.length)return s.join(" ");let o=M(t,`within_${Math.min(3,r.phases.length)}`,{low:t.number(e),high:t.number(n)}).replace(/ V$/," V");return r.first<Zc?`${o}.`:M(t,"since",{what:o,time:t.time(Qn(r,r.first))})}var Qn=(r,t)=>new Date(r.start+t*oo);function au(r,t,e,n){if(r==null||t===null||t===void 0)return"–";let[s,o]=[Yt(r,e.limits,n),Yt(t,e.limits,n)];return s===o?s:`${s}–${o}`}function uu(r,t,e){let n=r.phases.map(({name:s,lowest:o,highest:i})=>{let a=au(o[t],i[t],r,e);return`${s} ${a==="–"?a:`${a} V`}`});return`**${e.timeRange(Qn(r,t),Qn(r,t+1))}:** ${n.join(", ")}`}function lu(r,t){let e=new Map;for(let s=0;s<r.rows;s+=1){let o=Math.floor((r.start+s*oo)/36e5);e.set(o,[...e.get(o)??[],s])}let n=(s,o)=>o.map(i=>s[i]).filter(i=>typeof i=="number");return[...e].reverse().map(([s,o])=>{let i=new Date(s*36e5),a=r.phases.map(({lowest:u,highest:l})=>{let[d,c]=[n(u,o),n(l,o)];return d.length?au(Math.min(...d),Math.max(...c),r,t):"–"});return[`${t.shortWeekday(i)}, ${t.time(i)}`,...a]})}var du=O`
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
`;function cu({day:r,drawing:t,locale:e,chosen:n,label:s,reading:o,isOld:i,now:a}){let{phases:u,limits:l,rows:d}=r,{top:c,bottom:p}=t.band,m=u.length*64,h=u.map((b,k)=>`M0 ${k*64+c}H${d}V${k*64+p}H0Z`).join(""),y=({name:b,min:k,max:S},R)=>f`
    <div style="grid-column:1;grid-row:${R+1}" class=${i?"old":""}><small>${b}</small>${a(b)}</div>
    ${R?x:f`<div class="ticks" style="grid-column:2;grid-row:1">
      <small style="top:${c}px">${e.number(l[1])}</small><small style="top:${p}px">${e.number(l[0])}</small>
    </div>`}
    <div style="grid-column:4;grid-row:${R+1}">
      <small class="number">${M(e,"highest",{value:Yt(S,l,e)})}</small>
      <small class="number">${M(e,"lowest",{value:Yt(k,l,e)})}</small>
    </div>`,v=b=>e.time(Qn(r,b));return f`<div class="voltage" style="grid-template-rows:repeat(${u.length},${64}px) 20px">
    ${u.map(y)}
    <div class="chart" style="grid-row:1 / span ${u.length};height:${m}px" role="slider" tabindex="0" aria-label=${s}
      aria-orientation="horizontal" aria-valuemin="0" aria-valuemax=${d-1} aria-valuenow=${n.index??d-1} aria-valuetext=${o}
      @pointerdown=${n.down} @pointermove=${n.move} @pointerup=${n.up} @pointercancel=${n.up}
      @pointerleave=${n.leave} @keydown=${n.key}>
      <svg viewBox="0 0 ${d} ${m}" preserveAspectRatio="none" height=${m} aria-hidden="true">
        <path d=${h} fill="var(--track)"></path>
        ${t.paths.map(b=>A`<path class="line" d=${b}></path>`)}
        ${t.beyond?A`<clipPath id="beyond"><path d=${t.beyond}></path></clipPath>
          <g clip-path="url(#beyond)">${t.paths.map(b=>A`<path class="line beyond" d=${b}></path>`)}</g>`:x}
        ${n.index===void 0?x:A`<path class="reader" d=${`M${n.index+.5} 0V${m}`}></path>`}
      </svg>
    </div>
    <div class="axis" style="grid-row:${u.length+1}">
      <small>${v(0)}</small><small class="middle">${v(Math.round(d/2))}</small><small>${M(e,"now")}</small>
    </div>
  </div>`}var Jt,Jn,_t,Xt,Xn,io,Yn=class{constructor(t,e){w(this,Xn);this.value=0;w(this,Jt);w(this,Jn);w(this,_t,null);w(this,Xt,new ResizeObserver(()=>_(this,Xn,io).call(this)));$(this,Jt,t),$(this,Jn,e),t.addController(this)}hostUpdated(){let t=g(this,Jt).renderRoot.querySelector(g(this,Jn));t!==g(this,_t)&&(g(this,Xt).disconnect(),$(this,_t,t),t&&(g(this,Xt).observe(t),_(this,Xn,io).call(this)))}hostDisconnected(){g(this,Xt).disconnect(),$(this,_t,null)}};Jt=new WeakMap,Jn=new WeakMap,_t=new WeakMap,Xt=new WeakMap,Xn=new WeakSet,io=function(){let t=Math.round(g(this,_t)?.getBoundingClientRect().width??0);!t||t===this.value||(this.value=t,g(this,Jt).requestUpdate())};var ao=["voltage","supply","interruptions"],mu=3e5,Yc=452,Jc=["breaker","relay_1","relay_2","power_failures",...["l1","l2","l3"].flatMap(r=>[`voltage_sags_${r}`,`voltage_swells_${r}`])],Ur,Fr,Gr,Zr,Qr,Yr,Jr,Xr,en,tt,tn,Ie,L,er,qe,jr,hu,pu,gu,fu,Br,uo,nr,es,_u,tr=class extends P{constructor(){super(...arguments);w(this,L);w(this,Ur,oe(ou));w(this,Fr,oe(Ha));w(this,Gr,oe(Ga));w(this,Zr,oe(tu));w(this,Qr,oe(Ca));w(this,Yr,oe(Ia));w(this,Jr,new Yn(this,"ha-card"));w(this,Xr,new Yn(this,".marks"));w(this,en);w(this,tt);w(this,tn);w(this,Ie,new Te(this,()=>{if(g(this,tt))return{count:g(this,tt).marks.length,at:n=>_(this,L,_u).call(this,n)};let e=g(this,en)?.rows??0;return{count:e,at:n=>e?Math.max(0,Math.min(e-1,Math.floor(n*e))):void 0}}));w(this,nr,oe(e=>Date.now()));w(this,es,()=>{let{top:e,bottom:n}=this.getBoundingClientRect();!document.hidden&&n>0&&e<innerHeight&&this.requestUpdate()})}static getConfigForm(){let e=fe(),n=ao.map(s=>({value:s,label:M(e,s)}));return{schema:[{name:"entry_id",selector:{config_entry:{integration:"smarty_p1"}}},{name:"part",default:"voltage",selector:{select:{mode:"dropdown",options:n}}}],computeLabel:({name:s})=>s==="part"?M(e,"part"):e.common("meter")}}setConfig(e){let n=e?.part??"voltage";if(!ao.some(s=>s===n))throw new Error(`part: ${ao.join(", ")}`);super.setConfig(e),g(this,Ie).choose(void 0)}getGridOptions(){let e={...super.getGridOptions()};return g(this,L,er)==="interruptions"?{...e,columns:"full"}:e}disconnectedCallback(){super.disconnectedCallback(),clearTimeout(g(this,tn))}content(e,n){return clearTimeout(g(this,tn)),$(this,en,$(this,tt,void 0)),g(this,L,er)==="supply"?_(this,L,gu).call(this,e,n):g(this,L,er)==="interruptions"?_(this,L,fu).call(this,n):_(this,L,hu).call(this,e,n)}};Ur=new WeakMap,Fr=new WeakMap,Gr=new WeakMap,Zr=new WeakMap,Qr=new WeakMap,Yr=new WeakMap,Jr=new WeakMap,Xr=new WeakMap,en=new WeakMap,tt=new WeakMap,tn=new WeakMap,Ie=new WeakMap,L=new WeakSet,er=function(){return this.config?.part??"voltage"},qe=function(e,n=x){return f`<header><h2>${M(this.locale,g(this,L,er))}</h2>${n}</header>${e}`},jr=function(e){return e==="not_loaded"||e==="not_found"?f`<p>${M(this.locale,"not_read")}</p>`:e==="unauthorized"?f`<p>${this.locale.common("not_allowed")}</p>`:this.waiting(e)},hu=function(e,n){let{locale:s}=this,o=n.get("smarty_p1/voltages",{},String(Math.floor(Date.now()/mu)));if(!o.value)return _(this,L,qe).call(this,_(this,L,jr).call(this,o.error),this.stamp(n));let i=g(this,Ur).call(this,o.value);if(!i.phases.length)return _(this,L,qe).call(this,f`<p>${M(s,_(this,L,pu).call(this,e,n))}</p>`,this.stamp(n));$(this,en,i);let a=g(this,Ie).index,u=a===void 0||a>=i.rows?iu(i,s):uu(i,a,s),l=p=>{let m=n.live?.values?.[`voltage_${p.toLowerCase()}`],h=typeof m=="number"&&Number.isFinite(m)?s.unit(m,"V"):"–";return this.moreInfo(`voltage_${p.toLowerCase()}`,h,p)},d=M(s,"voltage_chart"),c={day:i,drawing:g(this,Fr).call(this,i),locale:s,chosen:g(this,Ie),label:d,now:l,isOld:this.isOld(n)};return _(this,L,qe).call(this,f`${this.sentence(u,"reserved")} ${cu({...c,reading:me(u)})}
        ${_(this,L,Br).call(this,d,[M(s,"hour"),...i.phases.map(({name:p})=>`${p} (V)`)],()=>lu(i,s))}`,this.stamp(n))},pu=function(e,n){if(Hr(n.live,e)===void 0)return"no_voltage_yet";if(this.isOld(n))return"no_voltage_lately";let{voltage_l1:s,voltage_l2:o,voltage_l3:i}=n.live?.values??{};return(s??o??i??null)===null?"sends_no_voltage":"no_voltage_yet"},gu=function(e,n){let{live:s}=n,{locale:o}=this;if(!s)return _(this,L,qe).call(this,this.waiting());let i=_(this,L,uo).call(this,n),a=this.isOld(n),u=Fa(s,e,a,n.now,o),l=Hr(s,e)!==void 0,d=(m,h=!1)=>{let y=Ba(s.values?.[m],o);return this.moreInfo(m,h?y.toLocaleLowerCase(o.language):y,M(o,m))},c=[[M(o,"breaker"),d("breaker")],[M(o,"relays"),f`${d("relay_1")} / ${d("relay_2",!0)}`],[M(o,"limit"),this.moreInfo("power_threshold",Ua(s,e,o),M(o,"limit"))]];!s.values?.relay_1&&!s.values?.relay_2&&c.splice(1,1),!a&&l&&$(this,tn,setTimeout(g(this,es),1e3));let p=i.value&&g(this,Gr).call(this,i.value,g(this,nr).call(this,i.value));return _(this,L,qe).call(this,f`${this.sentence(u)} ${l?eu(c,a):x}
        ${p?f`${nu(p,g(this,Zr).call(this,p),o)} ${ru(i.value,o)}`:_(this,L,jr).call(this,i.error)}
        ${p&&p.share!==null?_(this,L,Br).call(this,M(o,"telegrams"),[M(o,"hour"),M(o,"received")],()=>Ya(p,o)):x}`,a?this.stamp(n):x)},fu=function(e){let{locale:n}=this,s=_(this,L,uo).call(this,e);if(!s.value)return _(this,L,qe).call(this,_(this,L,jr).call(this,s.error));let o=g(this,nr).call(this,s.value),i=g(this,Qr).call(this,s.value,o),a=za(i,o,n);if(!Object.keys(i.seen).length)return _(this,L,qe).call(this,f`<p>${a}</p>`);let u=g(this,Jr).value<Yc?Pr:Qt,l=$(this,tt,g(this,Yr).call(this,i,g(this,Xr).value||320,u)),d=g(this,Ie).index===void 0?void 0:l.marks[g(this,Ie).index],c=d?Oa(d.joined,o,n):a,p={found:i,drawing:l,locale:n,chosen:g(this,Ie),label:me(a),reading:me(c)},m=[M(n,"when"),M(n,"what"),M(n,"phases")];return _(this,L,qe).call(this,f`${this.sentence(c,"reserved")} ${Va(p)}
        <p class="small">${M(n,"counts_only")}</p>
        ${i.all.length?_(this,L,Br).call(this,M(n,"interruptions"),m,()=>Wa(i,o,n)):x}`)},Br=function(e,n,s){return f`${this.table(e,n,s)}<footer>${this.tableButton()}</footer>`},uo=function(e){let n=Jc.map(s=>e.live?.values?.[s]??"").join(" ");return e.get("smarty_p1/events",{},`${Math.floor(Date.now()/mu)} ${e.live?.state} ${n}`)},nr=new WeakMap,es=new WeakMap,_u=function(e){let{marks:n=[],width:s=0}=g(this,tt)??{},o=n.map(({x:i})=>Math.abs(i-e*s));return o.length?o.indexOf(Math.min(...o)):void 0},tr.styles=[F,du,Xa,Ka];var yu={en:{name:"Smarty: so far",description:"What today and this month have used and cost",title:"So far",today:"Today",grid:"From the grid",fed_in:"Fed in",highest:"Highest quarter-hour",cost:"Cost with VAT",cost_grid:"Cost with VAT, grid only",forecast:"About **{amount}** by {day}",forecast_receive:"About **{amount}** to receive by {day}",until:"until {time}",price_missing:"price missing",enter_prices:"Enter the prices",enter_reference:"Enter the reference power",measured:"{share} of today is known.",counted_since:"Counted since {day}.",unpriced:"{energy} without a price are missing.",nothing_yet:"Nothing is counted yet: that begins with the first telegram."},de:{name:"Smarty: bis jetzt",description:"Was heute und dieser Monat verbraucht und gekostet haben",title:"Bis jetzt",today:"Heute",grid:"Aus dem Netz",fed_in:"Eingespeist",highest:"Höchste Viertelstunde",cost:"Kosten mit MwSt.",cost_grid:"Kosten mit MwSt., nur Netz",forecast:"Etwa **{amount}** bis {day}",forecast_receive:"Etwa **{amount}** zu bekommen bis {day}",until:"bis {time}",price_missing:"Preis fehlt",enter_prices:"Preise eingeben",enter_reference:"Referenzleistung eingeben",measured:"Von heute sind {share} bekannt.",counted_since:"Gezählt seit {day}.",unpriced:"{energy} ohne Preis fehlen.",nothing_yet:"Noch ist nichts gezählt: das beginnt mit dem ersten Telegramm."},fr:{name:"Smarty : jusqu'ici",description:"Ce qu'aujourd'hui et ce mois ont consommé et coûté",title:"Jusqu'ici",today:"Aujourd'hui",grid:"Du réseau",fed_in:"Injecté",highest:"Quart d'heure maximal",cost:"Coût TTC",cost_grid:"Coût TTC, réseau seul",forecast:"Environ **{amount}** au {day}",forecast_receive:"Environ **{amount}** à recevoir au {day}",until:"jusqu'à {time}",price_missing:"prix manquant",enter_prices:"Saisir les prix",enter_reference:"Saisir la puissance de référence",measured:"{share} d'aujourd'hui est connu.",counted_since:"Compté depuis le {day}.",unpriced:"{energy} sans prix manquent.",nothing_yet:"Rien n'est encore compté : cela commence avec le premier télégramme."},lb:{name:"Smarty: bis elo",description:"Wat haut an dëse Mount verbraucht a kascht hunn",title:"Bis elo",today:"Haut",grid:"Aus dem Netz",fed_in:"Agespeist",highest:"Héchst Véierelstonn",cost:"Käschte mat TVA",cost_grid:"Käschte mat TVA, nëmmen Netz",forecast:"Ongeféier **{amount}** bis den {day}",forecast_receive:"Ongeféier **{amount}** ze kréie bis den {day}",until:"bis {time}",price_missing:"Präis feelt",enter_prices:"Präisser aginn",enter_reference:"Referenzleeschtung aginn",measured:"Vun haut sinn {share} bekannt.",counted_since:"Gezielt zënter dem {day}.",unpriced:"{energy} ouni Präis feelen.",nothing_yet:"Nach ass näischt gezielt: dat fänkt mam éischten Telegramm un."},pt:{name:"Smarty: até agora",description:"O que hoje e este mês consumiram e custaram",title:"Até agora",today:"Hoje",grid:"Da rede",fed_in:"Injetado",highest:"Quarto de hora máximo",cost:"Custo com IVA",cost_grid:"Custo com IVA, só rede",forecast:"Cerca de **{amount}** até {day}",forecast_receive:"Cerca de **{amount}** a receber até {day}",until:"até às {time}",price_missing:"falta o preço",enter_prices:"Introduzir os preços",enter_reference:"Introduzir a potência de referência",measured:"De hoje são conhecidos {share}.",counted_since:"Contado desde {day}.",unpriced:"Faltam {energy} sem preço.",nothing_yet:"Ainda nada foi contado: começa com o primeiro telegrama."}};var nn=yu,lo="–",em=.99,bu=r=>{let t=r.filter(e=>typeof e=="number");return t.length?t.reduce((e,n)=>e+n,0):null};function wu(r,t,e,n,s,o){let i=(k,S={})=>o.text(nn,k,S),a=r.at(-1),u=r[0],l=!a||a.day===D(s),d=(k,S)=>typeof k=="number"?o.kWh(k/1e3,S):lo,c=k=>typeof k=="number"?o.kW(k):lo,p=[...r.map(({peak:k})=>k?.mean_kw),t?.peak?.mean_kw].filter(k=>typeof k=="number"),m=!!t?.missing?.length,h=!!t&&!m&&!t.lines.some(({name:k})=>k==="energy"),y=(k,S)=>m?i("price_missing"):typeof k=="number"?S(k):lo,v=[{key:"grid",name:i("grid"),today:d(a?.imported_wh,1),month:d(bu(r.map(({imported_wh:k})=>k)),0)},{key:"fed_in",name:i("fed_in"),today:d(a?.exported_wh,1),month:d(bu(r.map(({exported_wh:k})=>k)),0)},{key:"highest",name:i("highest"),today:c(a?.peak?.mean_kw),month:c(p.length?Math.max(...p):null)},{key:"cost",name:i(h?"cost_grid":"cost"),today:y(t&&a?.cost,k=>o.cents(k)),month:y(t?.total,k=>Math.abs(k)<10?o.cents(k):o.euros(k))}],b=new Date(t?.start??u?.start??s);return{until:t?i("until",{time:tm(t,s,o)}):void 0,today:l?i("today"):o.shortDay(z(a.day)),month:o.month(b),rows:v.filter(({key:k})=>k!=="fed_in"||n),forecast:t&&nm(t,o),notes:[t?.since?i("counted_since",{day:o.day(new Date(t.since))}):"",a&&l&&a.of_quarter_hours>0&&a.quarter_hours/a.of_quarter_hours<em?i("measured",{share:o.percent(a.quarter_hours/a.of_quarter_hours)}):"",t?.unpriced_kwh?i("unpriced",{energy:o.kWh(t.unpriced_kwh)}):""].filter(Boolean),lacks:e==="no_reference_power"?"reference":m||h&&!t?.unpriced_kwh?"prices":void 0}}function tm(r,t,e){let n=new Date(r.until);return D(n)===D(t)?e.time(n):`${e.shortDay(n)}, ${e.time(n)}`}function nm(r,t){let e=r.estimate?.total;if(typeof e!="number"||!Number.isFinite(e))return;let n=Math.round(e)<0;return t.text(nn,n?"forecast_receive":"forecast",{amount:t.euros(n?-e:e),day:t.day(new Date(Date.parse(r.end)-1))})}var rm={grid:"energy_imported",fed_in:"energy_exported",highest:"demand_peak",cost:"cost_total"},or,rn,le,vu,rr,xu,ku,sr=class extends P{constructor(){super(...arguments);w(this,le);w(this,or,[]);w(this,rn)}content(e,n){let s=n.get("smarty_p1/days",{}),o=n.get("smarty_p1/bill",{months:1}),i=f`<h2>${_(this,le,rr).call(this,"title")}</h2>`;if(!s.value){let l=s.error==="nothing_counted";return f`${i}${l?f`<p role="status">${_(this,le,rr).call(this,"nothing_yet")}</p>`:this.waiting(s.error)}`}let a=_(this,le,vu).call(this,s.value.days,o.value?.months.at(-1),o.error,e),u=this.isOld(n)||n.live?.state!=="receiving";return f`<header>${i}<small class="number">${a.until??x}</small></header>
      ${a.forecast?f`<p>${ge(a.forecast)}</p>`:x}
      <table class=${u?"old":""}>
        <thead>
          <tr class="small"><td></td><th scope="col">${a.today}</th><th scope="col">${a.month}</th></tr>
        </thead>
        <tbody>${a.rows.map(l=>_(this,le,xu).call(this,l))}</tbody>
      </table>
      ${a.lacks&&this.hass?.user?.is_admin?_(this,le,ku).call(this,e,a.lacks):x}
      ${a.notes.length?f`<p class="small">${a.notes.join(" ")}</p>`:x}`}};or=new WeakMap,rn=new WeakMap,le=new WeakSet,vu=function(e,n,s,o){let i=o.feeds_in??e.some(({exported_wh:u})=>u),a=[e,n,s,i,this.locale,D(new Date)];return(!g(this,rn)||a.some((u,l)=>u!==g(this,or)[l]))&&($(this,or,a),$(this,rn,wu(e,n,s,i,new Date,this.locale))),g(this,rn)},rr=function(e){return this.text(nn,e)},xu=function({key:e,name:n,today:s,month:o}){let i=e==="grid"||e==="fed_in"?f`<span class="dot ${e}"></span>`:x,a=s===_(this,le,rr).call(this,"price_missing"),u=a?"words":"number";return f`<tr class=${e}>
      <th scope="row">${i}${n}</th>
      ${a?f`<td class=${u} colspan="2">${s}</td>`:f`<td class=${u}>${s}</td><td class=${u}>${this.moreInfo(rm[e],o,n)}</td>`}
    </tr>`},ku=function(e,n){let s=`/config/integrations/integration/smarty_p1#config_entry=${e.entry_id}`;return f`<div>${this.link(s,_(this,le,rr).call(this,n==="prices"?"enter_prices":"enter_reference"))}</div>`},sr.styles=[F,O`
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
    `];var $u=r=>(...t)=>({_$litDirective$:r,values:t}),ts=class{constructor(t){}get _$AU(){return this._$AM._$AU}_$AT(t,e,n){this._$Ct=t,this._$AM=e,this._$Ci=n}_$AS(t,e){return this.update(t,e)}update(t,e){return this.render(...e)}};var sm={},yt=$u(class extends ts{constructor(){super(...arguments),this.ot=sm}render(r,t){return t()}update(r,[t,e]){if(Array.isArray(t)){if(Array.isArray(this.ot)&&this.ot.length===t.length&&t.every((n,s)=>n===this.ot[s]))return ve}else if(this.ot===t)return ve;return this.ot=Array.isArray(t)?Array.from(t):t,this.render(t,e)}});var de=9e5,om=100,im={imported:null,exported:null,origin:void 0},ho=4e3,B=r=>(r??0)/250,Su=(r,t)=>Math.max(1,Math.min(om,Math.round((t-r)/de)||1));function Tu(r,t,e,n){let s=Array.from({length:t},()=>({...im})),o=(i,a)=>{if(!i||!Array.isArray(i.values))return;let u=Math.round((Date.parse(i.start)-r)/de);i.values.forEach((l,d)=>{let c=s[u+d];c&&typeof l=="number"&&Math.abs(l)<=ho*250&&a(c,Math.max(0,l),d)})};o(e,(i,a)=>i.imported=a),o(n,(i,a)=>i.exported=a);for(let[i,a,u]of e?.origins??[])o(e,(l,d,c)=>c>=i&&c<i+a&&(l.origin=u));return s}var co=22,am=34;function Ru(r){let{quarters:t,reference:e,width:n,height:s}=r,o=t.length,i=r.tickWidth+8,a=Math.max(i+o,n),u=s-am,l=(a-i)/o,d=Math.max(2,Math.round(l*.85*2)/2),c=N=>i+N*l,{high:p,low:m}=lm(r),h=N=>co+(p-N)/(p-m)*(u-co),y={drawn:mo(),excess:mo(),fed:mo()},v="",b;t.forEach(({imported:N,exported:H,origin:we},Ve)=>{let pn=Mu(c(Ve)+Math.max(0,l-d)/2),he=we==="platform_estimated",je=he?"estimated":"measured",Q=(Yl,Jl)=>ns(pn,d,h(Yl),h(Jl));if(N===null){Ve<r.ended&&Ve>=r.begun&&(v+=um(Mu(c(Ve)+l/2),h(0)));return}let ce=B(N),rt=e===null?ce:Math.min(ce,e);rt>0&&(y.drawn[je]+=Q(0,rt)),ce>rt&&(y.excess[je]+=Q(rt,ce),(!b||ce>b.kw)&&(b={x:c(Ve)+l/2,y:h(ce),kw:ce,isEstimated:he})),H&&(y.fed[je]+=Q(0,-B(H)))});let{ticks:k,decimals:S}=pm(p,m,e,h),R=(N,H)=>t.slice(o*N,o*H).some(we=>B(we.imported)>(e??Number.POSITIVE_INFINITY)),T=r.isNarrow?.55:.2;return{left:i,right:a,top:co,bottom:u,slot:l,barWidth:d,x:c,y:h,ticks:k,tickDecimals:S,hours:gm(r,c,a-i),paths:y,gaps:v,highest:b,isNameRight:R(0,T)&&!R(1-T,1)}}var mo=()=>({measured:"",estimated:""}),Mu=r=>Math.round(r*2)/2;function ns(r,t,e,n){let s=Math.min(e,n),o=Math.max(1,Math.abs(e-n));return`M${r} ${(n>e?s:e-o).toFixed(1)}h${t}v${o.toFixed(1)}h${-t}z`}var um=(r,t)=>`M${r-1.5} ${t.toFixed(1)}a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0`,po=r=>r>0?Math.ceil(r+.6):0;function lm({quarters:r,reference:t,room:e}){let n=0,s=0;for(let{imported:i,exported:a}of r)n=Math.max(n,B(i)),s=Math.max(s,B(a));return{high:Math.max(t===null?1:t+1,n+.6,e.drawn),low:-Math.max(s>0?s+.3:0,e.fed)||0}}var dm=44,cm=18,mm=26,hm=1e9;function pm(r,t,e,n){let s=n(0)-n(1),o=u=>u*s>=dm,i=[.2,.5,1,2,4].find(o);for(let u=10;i===void 0;u*=10)i=[1,2,4].map(l=>l*u).find(o)??(u>hm?u:void 0);let a=[];for(let u=Math.ceil(t/i);u*i<=r&&a.length<20;u+=1){let l=u*i,d=e===null?Number.NaN:n(e)-n(l);l!==0&&d>-cm&&d<mm||a.push({kw:l,y:n(l)})}return{ticks:a,decimals:i<1?1:0}}function gm({start:r,quarters:t,isNarrow:e,hourWidth:n},s,o){let a=(e?[6,12]:[3,6,12]).find(l=>o*l/24>n*1.5+4)??12,u=[];for(let l=0;l<t.length;l+=4)ne(new Date(r+l*de)).hour%a===0&&u.push({index:l,x:s(l)});return u}function Du(r,t,e){let n=u=>Math.max(0,...u.map(l=>l||0)),s=n(r.map(u=>u?.imported_wh)),o=n(r.map(u=>u?.exported_wh)),i=e/(s+o||1),a=s||o?s*i:e;return r.map(u=>{let l=u?.imported_wh||0,d=Math.min(l,u?.above_wh||0),c=u?.exported_wh||0,p=(m,h)=>m===h?"":ns(0,t,a-m*i,a-h*i);return{zero:a,drawn:p(0,l-d),excess:p(l-d,l),fed:p(0,-c)}})}var Au={en:{name:"Smarty: day",description:"The quarter-hours of a day against the reference power",drawn:"{drawn} drawn.",drawn_fed:"{drawn} drawn, {fed} fed in.",none:"No quarter-hour above {R}.",none_whole:"No whole quarter-hour above {R}",above_one:"**{count} quarter-hour above {R}:** {kwh}",above_other:"**{count} quarter-hours above {R}:** {kwh}",heading:"; now heading for ≈ {kw}",peak:"Highest quarter-hour: {kw}.",first:"No whole quarter-hour yet: the first one ends at {time}.",unknown_day:"Nothing is known of this day.",bar_unknown:"not measured",bar_drawn:"{kw} drawn",bar_fed:"{kw} fed in",bar_heading:"heading for {kw}",bar_above:"{kwh} above {R}",portal:"From the Leneda portal.",estimated:"Estimated by the grid operator.",portal_one:"{count} quarter-hour from the Leneda portal",portal_other:"{count} quarter-hours from the Leneda portal",estimated_one:"{count} of them estimated by the grid operator (hatched)",estimated_other:"{count} of them estimated by the grid operator (hatched)",gaps_one:"{count} quarter-hour not measured",gaps_other:"{count} quarter-hours not measured",reference:"reference power",earlier:"The day before",later:"The day after",choose:"Choose a day",chart:"Quarter-hours",time:"Time",drawn_kw:"Drawn, kW",fed_kw:"Fed in, kW",above_kwh:"Above {R}, kWh",not_read:"The meter is not being read at the moment."},de:{name:"Smarty: Tag",description:"Die Viertelstunden eines Tages an der Referenzleistung gemessen",drawn:"{drawn} bezogen.",drawn_fed:"{drawn} bezogen, {fed} eingespeist.",none:"Keine Viertelstunde über {R}.",none_whole:"Keine ganze Viertelstunde über {R}",above_one:"**{count} Viertelstunde über {R}:** {kwh}",above_other:"**{count} Viertelstunden über {R}:** {kwh}",heading:"; jetzt auf dem Weg zu ≈ {kw}",peak:"Höchste Viertelstunde: {kw}.",first:"Noch keine ganze Viertelstunde: Die erste endet um {time}.",unknown_day:"Von diesem Tag ist nichts bekannt.",bar_unknown:"nicht gemessen",bar_drawn:"{kw} bezogen",bar_fed:"{kw} eingespeist",bar_heading:"auf dem Weg zu {kw}",bar_above:"{kwh} über {R}",portal:"Aus dem Leneda-Portal.",estimated:"Vom Netzbetreiber geschätzt.",portal_one:"{count} Viertelstunde aus dem Leneda-Portal",portal_other:"{count} Viertelstunden aus dem Leneda-Portal",estimated_one:"{count} davon vom Netzbetreiber geschätzt (schraffiert)",estimated_other:"{count} davon vom Netzbetreiber geschätzt (schraffiert)",gaps_one:"{count} Viertelstunde nicht gemessen",gaps_other:"{count} Viertelstunden nicht gemessen",reference:"Referenzleistung",earlier:"Der Tag davor",later:"Der Tag danach",choose:"Einen Tag wählen",chart:"Viertelstunden",time:"Zeit",drawn_kw:"Bezogen, kW",fed_kw:"Eingespeist, kW",above_kwh:"Über {R}, kWh",not_read:"Der Zähler wird gerade nicht gelesen."},fr:{name:"Smarty : journée",description:"Les quarts d'heure d'un jour face à la puissance de référence",drawn:"{drawn} prélevés.",drawn_fed:"{drawn} prélevés, {fed} injectés.",none:"Aucun quart d'heure au-dessus de {R}.",none_whole:"Aucun quart d'heure entier au-dessus de {R}",above_one:"**{count} quart d'heure au-dessus de {R} :** {kwh}",above_other:"**{count} quarts d'heure au-dessus de {R} :** {kwh}",heading:" ; maintenant vers ≈ {kw}",peak:"Quart d'heure maximal : {kw}.",first:"Pas encore de quart d'heure entier : le premier se termine à {time}.",unknown_day:"Rien n'est connu de ce jour.",bar_unknown:"non mesuré",bar_drawn:"{kw} prélevés",bar_fed:"{kw} injectés",bar_heading:"vers {kw}",bar_above:"{kwh} au-dessus de {R}",portal:"Du portail Leneda.",estimated:"Estimé par le gestionnaire de réseau.",portal_one:"{count} quart d'heure du portail Leneda",portal_other:"{count} quarts d'heure du portail Leneda",estimated_one:"dont {count} estimé par le gestionnaire de réseau (hachuré)",estimated_other:"dont {count} estimés par le gestionnaire de réseau (hachurés)",gaps_one:"{count} quart d'heure non mesuré",gaps_other:"{count} quarts d'heure non mesurés",reference:"puissance de référence",earlier:"Le jour d'avant",later:"Le jour d'après",choose:"Choisir un jour",chart:"Quarts d'heure",time:"Heure",drawn_kw:"Prélevé, kW",fed_kw:"Injecté, kW",above_kwh:"Au-dessus de {R}, kWh",not_read:"Le compteur n'est pas lu en ce moment."},lb:{name:"Smarty: Dag",description:"D'Véierelstonne vun engem Dag géint d'Referenzleeschtung",drawn:"{drawn} bezunn.",drawn_fed:"{drawn} bezunn, {fed} agespeist.",none:"Keng Véierelstonn iwwer {R}.",none_whole:"Keng ganz Véierelstonn iwwer {R}",above_one:"**{count} Véierelstonn iwwer {R}:** {kwh}",above_other:"**{count} Véierelstonnen iwwer {R}:** {kwh}",heading:"; elo um Wee op ≈ {kw}",peak:"Héchst Véierelstonn: {kw}.",first:"Nach keng ganz Véierelstonn: déi éischt ass um {time} eriwwer.",unknown_day:"Vun dësem Dag ass näischt bekannt.",bar_unknown:"net gemooss",bar_drawn:"{kw} bezunn",bar_fed:"{kw} agespeist",bar_heading:"um Wee op {kw}",bar_above:"{kwh} iwwer {R}",portal:"Vum Leneda-Portal.",estimated:"Vum Netzbedreiwer geschat.",portal_one:"{count} Véierelstonn vum Leneda-Portal",portal_other:"{count} Véierelstonnen vum Leneda-Portal",estimated_one:"{count} dovun vum Netzbedreiwer geschat (schrafféiert)",estimated_other:"{count} dovun vum Netzbedreiwer geschat (schrafféiert)",gaps_one:"{count} Véierelstonn net gemooss",gaps_other:"{count} Véierelstonnen net gemooss",reference:"Referenzleeschtung",earlier:"Den Dag virdrun",later:"Den Dag drop",choose:"En Dag wielen",chart:"Véierelstonnen",time:"Zäit",drawn_kw:"Bezunn, kW",fed_kw:"Agespeist, kW",above_kwh:"Iwwer {R}, kWh",not_read:"De Compteur gëtt am Moment net gelies."},pt:{name:"Smarty: dia",description:"Os quartos de hora de um dia face à potência de referência",drawn:"{drawn} consumidos.",drawn_fed:"{drawn} consumidos, {fed} injetados.",none:"Nenhum quarto de hora acima de {R}.",none_whole:"Nenhum quarto de hora completo acima de {R}",above_one:"**{count} quarto de hora acima de {R}:** {kwh}",above_other:"**{count} quartos de hora acima de {R}:** {kwh}",heading:"; agora a caminho de ≈ {kw}",peak:"Quarto de hora máximo: {kw}.",first:"Ainda nenhum quarto de hora completo: o primeiro termina às {time}.",unknown_day:"Nada se sabe deste dia.",bar_unknown:"não medido",bar_drawn:"{kw} consumidos",bar_fed:"{kw} injetados",bar_heading:"a caminho de {kw}",bar_above:"{kwh} acima de {R}",portal:"Do portal Leneda.",estimated:"Estimado pelo operador da rede.",portal_one:"{count} quarto de hora do portal Leneda",portal_other:"{count} quartos de hora do portal Leneda",estimated_one:"{count} deles estimado pelo operador da rede (tracejado)",estimated_other:"{count} deles estimados pelo operador da rede (tracejados)",gaps_one:"{count} quarto de hora não medido",gaps_other:"{count} quartos de hora não medidos",reference:"potência de referência",earlier:"O dia anterior",later:"O dia seguinte",choose:"Escolher um dia",chart:"Quartos de hora",time:"Hora",drawn_kw:"Consumido, kW",fed_kw:"Injetado, kW",above_kwh:"Acima de {R}, kWh",not_read:"O contador não está a ser lido neste momento."}};var De=Au,_m=400,rs=7,ym=300,go=36e5;function os({day:r,isToday:t,hasSun:e,known:n,firstEnds:s,heading:o},i){let a=(y,v={})=>i.text(De,y,v),u=o===null?"":a("heading",{kw:i.kW(o)});if(t&&!n&&s)return`${a("first",{time:i.time(s)})}${u&&` ${bm(u)}`}`;if(!r||r.imported_wh===null)return a("unknown_day");let l=i.kWh(r.imported_wh/1e3),d=e&&r.exported_wh!==null?i.kWh(r.exported_wh/1e3):void 0,c=d===void 0?a("drawn",{drawn:l}):a("drawn_fed",{drawn:l,fed:d});if(r.reference_kw===null){let y=r.peak?` ${a("peak",{kw:i.kW(r.peak.mean_kw)})}`:"";return`${c}${y}`}let p=i.referenceKW(r.reference_kw);if(!r.quarter_hours_above)return`${c} ${u?`${a("none_whole",{R:p})}${wm(u)}.`:a("none",{R:p})}`;let m=i.count(De,"above",r.quarter_hours_above,{R:p,kwh:Cu(r.above_wh/1e3,i)}),h=r.cost_above===null?"":`, ${Lu(r.cost_above,i)}`;return`${c} ${m}${h}${u}`}var bm=r=>{let t=r.replace(/^\s*;\s*/,"");return`**${Eu(t)}.**`},wm=r=>r.replace(/^(\s*;\s*)(.*)$/,"$1**$2**"),Eu=r=>r.charAt(0).toUpperCase()+r.slice(1),Cu=(r,t)=>t.kWh(r,r>0&&r<.05?2:1),Lu=(r,t)=>r>0&&r<.005?`< ${t.cents(.01)}`:t.cents(r);function Nu(r,t,e){let{start:n,drawn:s,reference:o,isRunning:i}=r,a=(b,k={})=>t.text(De,b,k),u=new Date(n.getTime()+9e5),l=t.language==="fr"?" :":":",c=`**${e===100?`${ss(n,t,e)}–${ss(u,t,e)}`:t.timeRange(n,u)}${l}**`;if(s===null)return`${c} ${a("bar_unknown")}.`;let p=i?"≈ ":"",m=r.fed!==null&&E(r.fed,$e(r.fed))>0?r.fed:0,h=[];(!m||E(s,1)>0)&&h.push(a("bar_drawn",{kw:p+t.kW(s)})),m&&h.push(a("bar_fed",{kw:p+t.kW(m)}));let y=h.join(", "),v=`${c} ${i?a("bar_heading",{kw:y}):y}.`;if(o!==null&&s>o){let b=p+Cu((s-o)/4,t),k=r.cost===null?".":`${l} ${p}${Lu(r.cost,t)}`;v+=` ${a("bar_above",{kwh:b,R:t.referenceKW(o)})}${k}`}return r.origin&&(v+=`${/[.]$/.test(v)?"":"."} ${a(r.origin==="platform"?"portal":"estimated")}`),v}function ss(r,t,e){let n=t.time(r);if(e!==100)return n;let{hour:s}=ne(r),o=i=>ne(new Date(r.getTime()+i*go)).hour===s;return o(1)?`${n} A`:o(-1)?`${n} B`:n}function zu(r,t,e){let n=r.reduce((s,o)=>s+o,0);return t?.cost_above!=null&&t.above_wh>0&&n>0?r.length===t.quarter_hours_above?Lt(r.map(s=>s/n*t.cost_above),2,t.cost_above):r.map(s=>s*1e3*t.cost_above/t.above_wh):r.map(s=>e===null?null:s*e)}function Ou(r,t,e,n){let s=Date.parse(e)-Date.parse(t)>ym*24*go;return Eu(s?n.date(r):n.weekday(r))}function Wu(r,t,e){if(!r||r>t)return t;let n=fo(t,e);return r<n?n:r}function fo(r,t){let e=j(r,-_m);return t===void 0?r:t<e?e:t<r?t:r}function qu(r,t){let e=Math.round((Date.parse(t)-Date.parse(r))/(24*go)),n=j(t,-rs*Math.floor(e/rs));return Array.from({length:rs},(s,o)=>j(n,o-rs+1))}function Iu(r,t,e,n){let s=(n?void 0:t.quarter_hour)??void 0,o=s&&Date.parse(s.time)||Date.now(),i=D(new Date(o)),a=r.known_since?D(new Date(r.known_since)):void 0,u=Wu(e,i,a),l=z(u).getTime(),d=z(j(u,1)).getTime(),c=Su(l,d),p=u===i?Math.floor((o-l)/de):c;return{day:u,today:i,since:a,start:l,end:d,count:c,quarterHour:s,present:p}}function Pu({quarterHour:r,present:t,count:e},n){if(!r||t<0||t>=e)return;let s=r.projected_kw??r.running_kw;if(typeof s!="number"||!(Math.abs(s)<=ho))return;let o=n.values?.power_net,i=Math.max(0,(Date.parse(r.end)-Date.parse(r.time))/1e3)||0,a=typeof o=="number"?Math.max(0,-o)*i/900:0,u=r.exported_wh===null?0:B(r.exported_wh)+a;return{index:t,drawn:Math.max(0,s),fed:Math.max(0,u)||0,reference:r.reference_kw}}function Hu({day:r,since:t,start:e,count:n,quarterHour:s,present:o},i){let a=i.findIndex(({imported:d})=>d!==null),u=o-1,l=i[u]?.imported===null&&Date.parse(s?.last?.start??"")===e+u*de;return{begun:r!==t?0:a<0?n:a,ended:Math.max(0,Math.min(n,l?u:o)),known:i.filter(({imported:d})=>d!==null).length}}function Ku({start:r,end:t,measured_since:e}){let n=Date.parse(e)<=Date.parse(r);return new Date(Date.parse(t)+(n?0:de))}function Vu(r,t,e,n){let s=[...r.keys()].filter(i=>t!==null&&B(r[i].imported)>t),o=zu(s.map(i=>(B(r[i].imported)-t)/4),e,n);return new Map(s.map((i,a)=>[i,o[a]??null]))}var _o={drawn:"var(--drawn)",excess:"var(--excess)",fed:"var(--fed-in)"},ju=["drawn","excess","fed"],is=r=>r<420,as=r=>is(r)?224:272,Bu=7.4;function Uu(r,t,e,n,s,o,i,a,u){let l=Math.max(o,i,...r.flatMap(({imported:c,exported:p})=>[B(c),B(p)])),d=[`−${u.number(Math.min(l,1e9))}`,e===null?"0.0 kW":u.referenceKW(e)];return Ru({quarters:r,start:t,reference:e,begun:n,ended:s,room:{drawn:o,fed:i},width:a,height:as(a),isNarrow:is(a),tickWidth:Math.max(...d.map(c=>c.length))*Bu,hourWidth:u.time(new Date(t)).length*Bu})}function Fu(r,t,e,n){return yt([r,t,e.kw,e.until,n],()=>{let{left:s,right:o,bottom:i,ticks:a,hours:u,paths:l}=r,{kw:d}=e,c=Math.max(...a.map(m=>m.kw)),p=m=>d===null&&m===c?n.unit(m,"kW",r.tickDecimals):n.number(m,r.tickDecimals);return A`<defs>${ju.map(m=>$r(`hatched-${m}`,_o[m]))}</defs>
      ${a.map(m=>A`<path class=${m.kw===0?"axis":"grid"} d="M${s} ${m.y.toFixed(1)}H${o}"></path>
          <text x=${s-8} y=${m.y+4.5} text-anchor="end">${p(m.kw)}</text>`)}
      ${ju.map(m=>A`<path d=${l[m].measured} fill=${_o[m]}></path>
          <path d=${l[m].estimated} fill="url(#hatched-${m})"></path>`)}
      <path class="gap" d=${r.gaps}></path>
      ${u.map(({index:m,x:h})=>A`<path class="grid" d="M${h} ${i}v4"></path>
          <text x=${h} y=${i+28} text-anchor="middle">${n.time(new Date(t+m*de))}</text>`)}
      <text x=${o} y=${i+28} text-anchor="end">${vm(t,n)}</text>
      ${d===null?x:xm(r,d,e.until===void 0?o:r.x(e.until),e.name,n)}`})}var vm=(r,t)=>t.time(new Date(r)).replace(/^00/,"24");function xm(r,t,e,n,s){let o=r.y(t),i=r.isNameRight&&e===r.right;return A`<path class="reference" d="M${r.left} ${o.toFixed(1)}H${e}"></path>
    <text class="strong" x=${r.left-8} y=${o+4.5} text-anchor="end">${s.referenceKW(t)}</text>
    <text class="plain" x=${i?e:r.left} y=${o-6} text-anchor=${i?"end":"start"}>${n}</text>`}function Gu(r,t,e,n,s){let o=r.y(t),i=`${n} ${s.referenceKW(t)}`;return A`<path class="reference" d="M${e} ${o.toFixed(1)}H${r.right}"></path>
    <text class="plain halo" x=${r.right} y=${(o-6).toFixed(1)} text-anchor="end">${i}</text>`}function Zu(r,{index:t,drawn:e,fed:n,reference:s},o){let{slot:i,barWidth:a}=r,u=r.x(t)+Math.max(0,i-a)/2,l=(p,m,h)=>{if(m===h)return x;let y=ns(u,a,r.y(m),r.y(h));return o?A`<path class="outline" d=${y} stroke=${_o[p]}></path>`:A`<path d=${y} fill="url(#hatched-${p})"></path>`},d=Math.min(e,s??e),c=r.x(t)+i/2;return A`${l("drawn",0,d)}${l("excess",d,e)}${l("fed",0,-n)}
    <path class="now" d="M${c} ${r.bottom+2}l5 9h-10z"></path>`}function Qu(r,{x:t,y:e,kw:n,isEstimated:s},o){let i=`${s?"≈ ":""}${o.kW(n)}`,a=i.length*3.8,u=Math.max(r.left+a,Math.min(r.right-a,t));return A`<text class="strong halo" x=${u.toFixed(1)} y=${(e-7).toFixed(1)} text-anchor="middle">${i}</text>`}function Yu(r,t,e){let n=(r.x(t)+r.slot/2).toFixed(1),[s,o]=[r.y(Math.max(0,e)),r.y(Math.min(0,e))];return A`<path class="chosen" d="M${n} ${r.top-8}V${s.toFixed(1)}M${n} ${o.toFixed(1)}V${r.bottom}"></path>
    <circle class="chosen" cx=${n} cy=${r.y(e).toFixed(1)} r="4"></circle>`}var Ju=O`
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
`;var yo=24,Xu=36;function el(r,t,e,n){let s=r.map(i=>t.find(a=>a.day===i)),o=Du(s,yo,Xu);return r.map((i,a)=>{let u=z(i),l={day:s[a],isToday:!1,hasSun:e,known:1,firstEnds:void 0,heading:null},d=`${n.weekday(u)}: ${me(os(l,n))}`,c=n.shortWeekday(u).replace(". "," ");return{day:i,label:c,description:d,isKnown:!!s[a],bar:o[a]}})}function tl(r,t,e,n){return t.filter(({isKnown:o})=>o).length<2?x:f`<div class="week" role="radiogroup" aria-label=${r} @keydown=${o=>{let i=t.filter(({isKnown:c})=>c),a=i.findIndex(({day:c})=>c===e),u={ArrowLeft:a-1,ArrowRight:a+1,Home:0,End:i.length-1}[o.key];if(u===void 0)return;o.preventDefault();let l=i[Math.max(0,Math.min(i.length-1,u))];if(!l)return;n(l.day),o.currentTarget.querySelector(`[data-day="${l.day}"]`)?.focus()}}>
    ${t.map(({day:o,label:i,description:a,isKnown:u,bar:l})=>f`<button
        role="radio"
        data-day=${o}
        aria-checked=${o===e}
        aria-label=${a}
        tabindex=${o===e?0:-1}
        ?disabled=${!u}
        @click=${()=>n(o)}
      >
        <svg viewBox="-4 0 ${yo+8} ${Xu}" aria-hidden="true">
          ${A`<path d=${l.drawn} fill="var(--drawn)"></path><path d=${l.excess} fill="var(--excess)"></path>
            <path d=${l.fed} fill="var(--fed-in)"></path>
            <path class="axis" d="M-4 ${l.zero.toFixed(1)}h${yo+8}"></path>`}
        </svg>
        <span>${i}</span>
      </button>`)}
  </div>`}function nl({quarters:r,begun:t,ended:e},n){let s=(a,u)=>{let l=r.filter(u).length;return l?[n.count(De,a,l)]:[]},o=s("gaps",({imported:a},u)=>a===null&&u<e&&u>=t),i=[...s("portal",({origin:a})=>a!==void 0),...s("estimated",({origin:a})=>a==="platform_estimated")];return[...o.map(a=>`● ${a}`),i.join(", ")].filter(Boolean)}function rl({quarters:r,start:t,ended:e,reference:n,hasSun:s},o){let i=n===null?"":o.referenceKW(n),a=d=>o.text(De,d,{R:i}),u=n!==null,l=({imported:d,exported:c,origin:p},m)=>{let h=p==="platform_estimated"?"≈ ":"",y=S=>S===null?"–":h+o.number(B(S),1),v=B(d)-(n??0),b=ss(new Date(t+m*de),o,r.length),k=v>0?h+o.number(v/4,2):"";return[b,y(d),...s?[y(c)]:[],...u?[k]:[]]};return{head:[a("time"),a("drawn_kw"),...s?[a("fed_kw")]:[],...u?[a("above_kwh")]:[]],rows:()=>r.slice(0,e).map(l)}}var km=32,on,bt,Ae,ir,Ee,us,ls,ds,cs,ms,q,sl,ol,il,nt,al,ul,ll,dl,cl,sn=class extends P{constructor(){super(...arguments);w(this,q);w(this,on);w(this,bt);w(this,Ae,0);w(this,ir,"");w(this,Ee,new Te(this,()=>({count:g(this,Ae)+1,at:e=>_(this,q,dl).call(this,e),open:()=>g(this,Ee).choose(void 0)})));w(this,us,oe(Tu));w(this,ls,oe(Uu));w(this,ds,oe(el));w(this,cs,oe((e,n)=>qu(e,n)));w(this,ms,oe(Vu))}getGridOptions(){return{columns:"full",min_columns:6,rows:"auto"}}getCardSize(){return 7}connectedCallback(){super.connectedCallback(),$(this,on,new ResizeObserver(()=>this.width=Math.max(0,this.clientWidth-km))),g(this,on).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,on)?.disconnect()}content(e,n){let{live:s}=n;if(!s)return this.waiting();let o=this.isOld(n),i=Iu(e,s,n.shown.day,o),{day:a,today:u,start:l,end:d,count:c}=i;a!==g(this,ir)&&(g(this,Ee).index=void 0),$(this,ir,a);let p=a===u,m={start:new Date(l).toISOString(),...p?{}:{end:new Date(d).toISOString()}},h=p?void 0:u,y=n.get("smarty_p1/quarter_hours",{...m,quantity:"imported"},h),v=e.feeds_in===!1?void 0:n.get("smarty_p1/quarter_hours",{...m,quantity:"exported"},h),b=g(this,cs).call(this,a,u),k=j(b.at(-1),1),S=n.get("smarty_p1/days",{start:b[0],end:k},k>u?void 0:u),R=e.feeds_in===!0||!!S.value?.days.some(H=>H.exported_wh),T=y.value&&S.value?_(this,q,sl).call(this,e,s,i,g(this,us).call(this,l,c,y.value,v?.value),S.value.days,R):void 0,N=H=>n.show({day:H===u?void 0:H});return f`${_(this,q,ul).call(this,n,i)}
      ${T?_(this,q,ol).call(this,T,e.excess_price):_(this,q,al).call(this,s.gone,y.error??S.error)}
      ${yt([b,a,S.value,R,this.locale],()=>S.value?tl(_(this,q,nt).call(this,"choose"),g(this,ds).call(this,b,S.value.days,R,this.locale),a,N):x)}
      ${T?_(this,q,il).call(this,T,o?this.stamp(n):x):x}`}};on=new WeakMap,bt=new WeakMap,Ae=new WeakMap,ir=new WeakMap,Ee=new WeakMap,us=new WeakMap,ls=new WeakMap,ds=new WeakMap,cs=new WeakMap,ms=new WeakMap,q=new WeakSet,sl=function(e,n,s,o,i,a){let{start:u,present:l,quarterHour:d}=s,c=i.find(R=>R.day===s.day),p=Pu(s,n),m=s.day===s.today,h=(c?c.reference_kw:m?d?.reference_kw??e.reference_kw:null)??null,y=Hu(s,o),{begun:v,ended:b}=y;$(this,Ae,Math.max(0,p?l:b-1)),(g(this,Ee).index??0)>g(this,Ae)&&(g(this,Ee).index=g(this,Ae));let k=p?po(Math.max(p.drawn,(p.reference??0)+.4)):0,S=g(this,ls).call(this,o,u,h,v,b,k,po(p?.fed??0),this.width??0,this.locale);return $(this,bt,S),{shown:s,chart:S,quarters:o,day:c,reference:h,running:p,hasSun:a,...y}},ol=function(e,n){let{shown:s,quarters:o,day:i,reference:a,running:u,known:l,hasSun:d}=e,{quarterHour:c}=s,p=u&&u.reference!==null&&E(u.drawn,1)>u.reference,m=os({day:i,isToday:s.day===s.today,hasSun:d,known:l,firstEnds:c&&Ku(c),heading:p?u.drawn:null},this.locale),h=_(this,q,cl).call(this,e,g(this,ms).call(this,o,a,i,n),n);return f`<div class="said ${s.day===s.today?"today":""}">
        <div class=${h?"behind-chosen":""}>${this.sentence(m)}</div>
        ${h?f`<p>${ge(h)}</p>`:x}
      </div>
      ${_(this,q,ll).call(this,e,me(h||m))}`},il=function(e,n){let{quarters:s,ended:o,reference:i,hasSun:a,shown:u}=e,l={...e,start:u.start};return f`<footer>
        <div class="small">${nl(l,this.locale).map(d=>f`<div>${d}</div>`)} ${n}</div>
        ${this.tableButton()}
      </footer>
      ${yt([this.isTableShown,s,o,i,a,this.locale],()=>{let{head:d,rows:c}=rl(l,this.locale);return this.table(_(this,q,nt).call(this,"chart"),d,c)})}`},nt=function(e){return this.text(De,e)},al=function(e,n){let s=e||n==="not_loaded";return f`<div class="instead" style="min-height:${as(this.width??0)+60}px">
      ${s?f`<p class="small" role="status">${_(this,q,nt).call(this,"not_read")}</p>`:this.waiting(n)}
    </div>`},ul=function(e,{day:n,today:s,since:o,start:i}){let a=l=>()=>{let d=j(n,l);e.show({day:d>=s?void 0:d})},u=Ou(new Date(i),n,s,this.locale);return Mr(u,{earlier:_(this,q,nt).call(this,"earlier"),later:_(this,q,nt).call(this,"later")},{earlier:n>fo(s,o)?a(-1):void 0,later:n<s?a(1):void 0})},ll=function({shown:e,chart:n,quarters:s,reference:o,running:i},a){let u=this.width??0,l=as(u),d=_(this,q,nt).call(this,"reference"),c=g(this,Ee).index,p=i&&i.reference!==o?i.reference:null,m=i?.reference!=null&&i.drawn>i.reference?i.drawn:0,y=i&&m>(n.highest?.kw??0)?{x:n.x(i.index)+n.slot/2,y:n.y(m),kw:m,isEstimated:!0}:n.highest,v=()=>c===i?.index?i.drawn||-i.fed:B(s[c].imported)||-B(s[c].exported),{down:b,move:k,up:S,leave:R,key:T}=g(this,Ee);return f`<svg
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
      ${Fu(n,e.start,{kw:o,until:p===null?void 0:i?.index,name:d},this.locale)}
      ${p===null||!i?x:Gu(n,p,n.x(i.index),d,this.locale)}
      ${i?Zu(n,i,is(u)):x}
      ${c!==void 0?Yu(n,c,v()):y?Qu(n,y,this.locale):A``}
    </svg>`},dl=function(e){if(!g(this,bt)||!this.width)return;let n=Math.floor((e*this.width-g(this,bt).left)/g(this,bt).slot);return Math.max(0,Math.min(g(this,Ae),n))},cl=function({shown:e,quarters:n,reference:s,running:o},i,a){let u=g(this,Ee).index,l=u===void 0?void 0:n[u];if(u===void 0||!l)return"";let d=new Date(e.start+u*de),{imported:c,exported:p,origin:m}=l,h=u===o?.index?{...o,cost:a===null?null:(o.drawn-(o.reference??0))/4*a,origin:void 0,isRunning:!0}:{drawn:c===null?null:B(c),fed:p===null?null:B(p),reference:s,cost:i.get(u)??null,origin:m,isRunning:!1};return Nu({start:d,...h},this.locale,e.count)},sn.styles=[F,Ju],sn.properties={width:{state:!0}};var Ce=9e5,V=96,hl=864e5,G=-32768,$m=500*V,Pe=250,ml=new WeakMap;function pl(r,t){let e=ml.get(r);e||ml.set(r,e={start:""});let n=D(new Date(r.live?.quarter_hour?.start??Date.now())).slice(0,7);n!==e.month&&Object.assign(e,{month:n,start:z(`${U(n,-12)}-01`).toISOString()});let s="smarty_p1/quarter_hours",o={quantity:"net",encoding:"base64"},{value:i,error:a}=r.get(s,{start:e.start,...o},`since ${t.known_since}`);if(!i)return{error:a};let{value:u}=r.get(s,{start:i.end,...o});return(!e.series||e.year!==i||e.tail!==u)&&Object.assign(e,{year:i,tail:u,series:Mm(i,u)}),{value:e.series}}function Mm(r,t){let e=Date.parse(r.start);if(Number.isNaN(e))return{start:0,values:new Int16Array};let n=[r,...t?[t]:[]].map(o=>({at:Math.round((Date.parse(o.start)-e)/Ce),rows:Sm(o.values)})).filter(({at:o,rows:i})=>o>=0&&o+i.length<=$m),s=new Int16Array(Math.max(0,...n.map(({at:o,rows:i})=>o+i.length))).fill(G);for(let{at:o,rows:i}of n)s.set(i,o);return{start:e,values:s}}function Sm(r){if(typeof r!="string")return Int16Array.from(r??[],n=>n!==null&&Math.abs(n)<=32767?n:G);let t="";try{t=atob(r)}catch{return new Int16Array}let e=new Int16Array(t.length>>1);for(let n=0;n<e.length;n+=1)e[n]=t.charCodeAt(2*n)|t.charCodeAt(2*n+1)<<8;return e}function gl(r,t){let e=o=>{let{year:i,monthIndex:a,day:u,hour:l,minute:d}=ne(new Date(o));return Date.UTC(i,a,u,l,d)-Math.floor(o/6e4)*6e4},n=[[r,e(r)]],s=30*hl;for(let o=r;o<t;o+=s){let[i,a]=[o,Math.min(t,o+s)],u=e(a);if(u!==n.at(-1)[1]){for(;a-i>Ce;){let l=i+Math.ceil((a-i)/Ce/2)*Ce;e(l)===u?a=l:i=l}n.push([a,u])}}return n}function fl({start:r,values:t},e){let n=gl(r,r+t.length*Ce);for(let[s,[o,i]]of n.entries()){let a=Math.round((o-r)/Ce),u=n[s+1]?.[0],l=u===void 0?t.length:Math.round((u-r)/Ce);for(let d=a;d<l;d+=1)e(t[d],r+d*Ce+i)}}var bo=7;function _l(r){let t=r.start+gl(r.start,r.start)[0][1],e=Math.floor(t/hl)-bo,n=new Int16Array((Math.ceil(r.values.length/V)+bo+2)*V).fill(G),[s,o]=[-1,-1],i=!1;fl(r,(c,p)=>{if(c===G)return;let m=Math.floor(p/Ce)-e*V;s<0&&(s=m),m>o&&(o=m),c<0&&(i=!0),c>n[m]&&(n[m]=c)});let a=Math.floor(o/V),u=Math.min(Math.floor(s/V),a-bo+1),l=o<0?0:a-u+1,d=u*V;return{firstDay:e+u,days:l,cells:n.subarray(d,d+l*V),feedsIn:i,lastCell:o-d}}function yl(r,t){let e=[],n=t===void 0?Number.POSITIVE_INFINITY:t*Pe,s=Number.NEGATIVE_INFINITY,o;return fl(r,(i,a)=>{if(!o||a>=s){let u=new Date(a).toISOString().slice(0,7);s=Date.parse(`${U(u,1)}-01T00:00:00Z`);let l=(s-Date.parse(`${u}-01T00:00:00Z`))/Ce;o={month:u,known:0,of:l,highestWh:Number.NEGATIVE_INFINITY,highestLocal:0,above:0,aboveWh:0},e.push(o)}i!==G&&(o.known+=1,i>o.highestWh&&(o.highestWh=i,o.highestLocal=a),i>n&&(o.above+=1,o.aboveWh+=i-n))}),e.filter(({known:i})=>i>0)}var bl=864e5,an=7,hs=r=>.14+.76*Math.sqrt(Math.min(1,r/an)),wo=r=>.1+.28*Math.sqrt(Math.min(1,r/an)),vl=wo(an/2);function xl({drawn:r,fedIn:t,excess:e},n){let s=([u,l,d],c)=>new Uint32Array(new Uint8ClampedArray([u,l,d,255*c]).buffer)[0],o=new Uint32Array(65536),i=an*Pe;o.fill(s(t,wo(an)),1,-G-i),o.fill(s(r,hs(an)),i-G);let a=i/100;for(let u=0;u<i;u+=a){let l=(u+a/2)/Pe;o.fill(s(r,hs(l)),u-G,u+a-G),o.fill(s(t,wo(l)),-u-a+.5-G,-u+.5-G)}return n!==void 0&&o.fill(s(e,1),Math.floor(n*Pe)+1-G),o}function kl({days:r,cells:t},e,n,s){let o=Math.min(r,Math.max(1,n)),[i,a]=s?[V,o]:[o,V],u=new Uint32Array(i*a);for(let l=0;l<o;l+=1){let d=Math.floor(l*r/o),c=Math.floor((l+1)*r/o);for(let p=0;p<V;p+=1){let m=G;for(let y=d;y<c;y+=1)m=Math.max(m,t[y*V+p]);let h=s?(o-1-l)*i+p:(V-1-p)*i+l;u[h]=e[m-G]}}return{width:i,height:a,pixels:u}}var wt,un,ln=class{constructor({days:t},e){w(this,wt);w(this,un);this.count=t*V,this.column=e?t:V,$(this,wt,t),$(this,un,e)}cell(t){return g(this,un)?t%g(this,wt)*V+Math.floor(t/g(this,wt)):t}chosen(t){return g(this,un)?t%V*g(this,wt)+Math.floor(t/V):t}at(t,e){let n=this.count/this.column;return wl(Math.floor(t*n),n)*this.column+wl(Math.floor((1-e)*this.column),this.column)}middle(t){return[(Math.floor(t/this.column)+.5)*this.column/this.count,1-(t%this.column+.5)/this.column]}};wt=new WeakMap,un=new WeakMap;var wl=(r,t)=>Math.max(0,Math.min(t-1,r)),Tm=62;function $l({firstDay:r,days:t},e,n){let s=t>Tm,o=d=>d*e/t,i=Math.max(1,Math.ceil(n.day/o(1))),a=[];for(let d=0;d<t;d+=1)(s?d===0||new Date((r+d)*bl).getUTCDate()===1:(t-1-d)%i===0)&&a.push(d);let u=s?Math.max(1,Math.ceil(n.month/o(28))):1,l=a.filter((d,c)=>c%u===0&&(!s||o((a[c+u]??t)-d)>=n.month)).map(d=>({at:d/t,day:(r+d+.5)*bl}));return{isMonths:s,ticks:l}}var Ml={en:{name:"Smarty: year",description:"Every quarter-hour of a year, and what each reference power would have cost",title:"A year of quarter-hours",months_one:"{count} month",months_other:"{count} months",right:"**{own} is right.**",more_more:"In {months} {one} would have cost {more} more, {two} {two_more} more.",more_same:"In {months} {one} would have cost {more} more, {two} about the same.",more:"In {months} {one} would have cost {more} more.",same_same:"In {months} {one} and {two} would have cost about the same.",same:"In {months} {one} would have cost about the same.",other_less:"**{other} would have saved {less}** in {months}.",other_more:"**{other} would have cost {more} more** in {months} than {reference}.",other_same:"**{other} would have cost about the same** in {months} as {reference}.",your:"your {kw}",cheapest:"**{best} would have been the cheapest** in {months}: {cost}.",unpriced:"What the classes would have cost is not known: prices are missing.",begins:"**The classes are compared from {day} on,** when the first whole month is known.",so_far:"so far",in:"in {months}",above_one:"{count} quarter-hour above {R} {period}: {share} of the time, {kWh}.",above_other:"{count} quarter-hours above {R} {period}: {share} of the time, {kWh}.",above_rare_one:"{count} quarter-hour above {R} {period}: {kWh}.",above_rare_other:"{count} quarter-hours above {R} {period}: {kWh}.",above_energy:"{kWh} above {R} {period}.",above_none:"No quarter-hour above {R} {period}.",map:"Quarter-hours of a year",fed_in:"fed in",above:"above {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} fed in",unknown_at:"{day}, {time}: not known",open:"Show this day",classes:"Reference power",caption_one:"{count} month, at {year} prices, with VAT",caption_other:"{count} months, at {year} prices, with VAT",fixed:"fixed",surcharge:"surcharge",yours:"yours",about_the_same:"about the same",enter_reference:"Enter your reference power",month:"Month",highest:"Highest",count_above:"Above {R}",kwh_above:"kWh above"},de:{name:"Smarty: Jahr",description:"Jede Viertelstunde eines Jahres, und was jede Referenzleistung gekostet hätte",title:"Ein Jahr in Viertelstunden",months_one:"{count} Monat",months_other:"{count} Monaten",right:"**{own} sind richtig.**",more_more:"In {months} hätten {one} {more} mehr gekostet, {two} {two_more} mehr.",more_same:"In {months} hätten {one} {more} mehr gekostet, {two} etwa gleich viel.",more:"In {months} hätten {one} {more} mehr gekostet.",same_same:"In {months} hätten {one} und {two} etwa gleich viel gekostet.",same:"In {months} hätten {one} etwa gleich viel gekostet.",other_less:"**{other} hätten** in {months} **{less} gespart**.",other_more:"**{other} hätten {more} mehr gekostet** in {months} als {reference}.",other_same:"**{other} hätten etwa gleich viel gekostet** in {months} wie {reference}.",your:"deine {kw}",cheapest:"**{best} wären am günstigsten gewesen** in {months}: {cost}.",unpriced:"Was die Klassen gekostet hätten, ist nicht bekannt: Preise fehlen.",begins:"**Ab dem {day} werden die Klassen verglichen:** dann ist der erste ganze Monat bekannt.",so_far:"bisher",in:"in {months}",above_one:"{count} Viertelstunde über {R} {period}: {share} der Zeit, {kWh}.",above_other:"{count} Viertelstunden über {R} {period}: {share} der Zeit, {kWh}.",above_rare_one:"{count} Viertelstunde über {R} {period}: {kWh}.",above_rare_other:"{count} Viertelstunden über {R} {period}: {kWh}.",above_energy:"{kWh} über {R} {period}.",above_none:"Keine Viertelstunde über {R} {period}.",map:"Viertelstunden eines Jahres",fed_in:"eingespeist",above:"über {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} eingespeist",unknown_at:"{day}, {time}: nicht bekannt",open:"Diesen Tag zeigen",classes:"Referenzleistung",caption_one:"{count} Monat, zu Preisen von {year}, mit MwSt.",caption_other:"{count} Monate, zu Preisen von {year}, mit MwSt.",fixed:"fest",surcharge:"Zuschlag",yours:"deine",about_the_same:"etwa gleich",enter_reference:"Deine Referenzleistung eingeben",month:"Monat",highest:"Höchste",count_above:"Über {R}",kwh_above:"kWh darüber"},fr:{name:"Smarty : année",description:"Chaque quart d'heure d'une année, et ce que chaque puissance de référence aurait coûté",title:"Une année de quarts d'heure",months_one:"{count} mois",months_other:"{count} mois",right:"**{own} est le bon choix.**",more_more:"Sur {months}, {one} aurait coûté {more} de plus, {two} {two_more} de plus.",more_same:"Sur {months}, {one} aurait coûté {more} de plus, {two} à peu près autant.",more:"Sur {months}, {one} aurait coûté {more} de plus.",same_same:"Sur {months}, {one} et {two} auraient coûté à peu près autant.",same:"Sur {months}, {one} aurait coûté à peu près autant.",other_less:"**{other} aurait économisé {less}** sur {months}.",other_more:"**{other} aurait coûté {more} de plus** sur {months} que {reference}.",other_same:"**{other} aurait coûté à peu près autant** sur {months} que {reference}.",your:"vos {kw}",cheapest:"**{best} aurait été le moins cher** sur {months} : {cost}.",unpriced:"Ce que les classes auraient coûté n'est pas connu : des prix manquent.",begins:"**Les classes sont comparées à partir du {day},** quand le premier mois entier est connu.",so_far:"jusqu'ici",in:"sur {months}",above_one:"{count} quart d'heure au-dessus de {R} {period} : {share} du temps, {kWh}.",above_other:"{count} quarts d'heure au-dessus de {R} {period} : {share} du temps, {kWh}.",above_rare_one:"{count} quart d'heure au-dessus de {R} {period} : {kWh}.",above_rare_other:"{count} quarts d'heure au-dessus de {R} {period} : {kWh}.",above_energy:"{kWh} au-dessus de {R} {period}.",above_none:"Aucun quart d'heure au-dessus de {R} {period}.",map:"Quarts d'heure d'une année",fed_in:"injecté",above:"au-dessus de {R}",drawn_at:"{day}, {time} : {power}",fed_in_at:"{day}, {time} : {power} injectés",unknown_at:"{day}, {time} : inconnu",open:"Afficher ce jour",classes:"Puissance de référence",caption_one:"{count} mois, aux prix {year}, TTC",caption_other:"{count} mois, aux prix {year}, TTC",fixed:"fixe",surcharge:"dépassement",yours:"la vôtre",about_the_same:"à peu près autant",enter_reference:"Saisir votre puissance de référence",month:"Mois",highest:"Maximum",count_above:"Au-dessus de {R}",kwh_above:"kWh au-dessus"},lb:{name:"Smarty: Joer",description:"All Véierelstonn vun engem Joer, a wat all Referenzleeschtung kascht hätt",title:"E Joer a Véierelstonnen",months_one:"{count} Mount",months_other:"{count} Méint",right:"**{own} ass richteg.**",more_more:"Op {months} hätt {one} {more} méi kascht, {two} {two_more} méi.",more_same:"Op {months} hätt {one} {more} méi kascht, {two} ongeféier d'selwecht.",more:"Op {months} hätt {one} {more} méi kascht.",same_same:"Op {months} hätten {one} an {two} ongeféier d'selwecht kascht.",same:"Op {months} hätt {one} ongeféier d'selwecht kascht.",other_less:"**{other} hätt {less} gespuert** op {months}.",other_more:"**{other} hätt {more} méi kascht** op {months} wéi {reference}.",other_same:"**{other} hätt ongeféier d'selwecht kascht** op {months} wéi {reference}.",your:"Är {kw}",cheapest:"**{best} wier am bëllegste gewiescht** op {months}: {cost}.",unpriced:"Wat d'Klassen kascht hätten, ass net bekannt: et feele Präisser.",begins:"**Vum {day} u ginn d'Klasse verglach:** dann ass den éischte ganze Mount bekannt.",so_far:"bis elo",in:"op {months}",above_one:"{count} Véierelstonn iwwer {R} {period}: {share} vun der Zäit, {kWh}.",above_other:"{count} Véierelstonnen iwwer {R} {period}: {share} vun der Zäit, {kWh}.",above_rare_one:"{count} Véierelstonn iwwer {R} {period}: {kWh}.",above_rare_other:"{count} Véierelstonnen iwwer {R} {period}: {kWh}.",above_energy:"{kWh} iwwer {R} {period}.",above_none:"Keng Véierelstonn iwwer {R} {period}.",map:"Véierelstonne vun engem Joer",fed_in:"agespeist",above:"iwwer {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} agespeist",unknown_at:"{day}, {time}: net bekannt",open:"Dësen Dag weisen",classes:"Referenzleeschtung",caption_one:"{count} Mount, zu Präisser vun {year}, mat TVA",caption_other:"{count} Méint, zu Präisser vun {year}, mat TVA",fixed:"fix",surcharge:"Zouschlag",yours:"Är",about_the_same:"ongeféier d'selwecht",enter_reference:"Är Referenzleeschtung aginn",month:"Mount",highest:"Héchst",count_above:"Iwwer {R}",kwh_above:"kWh driwwer"},pt:{name:"Smarty: ano",description:"Cada quarto de hora de um ano, e o que cada potência de referência teria custado",title:"Um ano em quartos de hora",months_one:"{count} mês",months_other:"{count} meses",right:"**{own} é a escolha certa.**",more_more:"Em {months}, {one} teria custado mais {more}, {two} mais {two_more}.",more_same:"Em {months}, {one} teria custado mais {more}, {two} quase o mesmo.",more:"Em {months}, {one} teria custado mais {more}.",same_same:"Em {months}, {one} e {two} teriam custado quase o mesmo.",same:"Em {months}, {one} teria custado quase o mesmo.",other_less:"**{other} teria poupado {less}** em {months}.",other_more:"**{other} teria custado mais {more}** em {months} do que {reference}.",other_same:"**{other} teria custado quase o mesmo** em {months} que {reference}.",your:"os seus {kw}",cheapest:"**{best} teria sido o mais barato** em {months}: {cost}.",unpriced:"Não se sabe quanto as classes teriam custado: faltam preços.",begins:"**As classes são comparadas a partir de {day},** quando o primeiro mês completo for conhecido.",so_far:"até agora",in:"em {months}",above_one:"{count} quarto de hora acima de {R} {period}: {share} do tempo, {kWh}.",above_other:"{count} quartos de hora acima de {R} {period}: {share} do tempo, {kWh}.",above_rare_one:"{count} quarto de hora acima de {R} {period}: {kWh}.",above_rare_other:"{count} quartos de hora acima de {R} {period}: {kWh}.",above_energy:"{kWh} acima de {R} {period}.",above_none:"Nenhum quarto de hora acima de {R} {period}.",map:"Quartos de hora de um ano",fed_in:"injetado",above:"acima de {R}",drawn_at:"{day}, {time}: {power}",fed_in_at:"{day}, {time}: {power} injetados",unknown_at:"{day}, {time}: desconhecido",open:"Mostrar este dia",classes:"Potência de referência",caption_one:"{count} mês, a preços de {year}, com IVA",caption_other:"{count} meses, a preços de {year}, com IVA",fixed:"fixo",surcharge:"ultrapassagem",yours:"a sua",about_the_same:"quase o mesmo",enter_reference:"Introduzir a sua potência de referência",month:"Mês",highest:"Máximo",count_above:"Acima de {R}",kwh_above:"kWh acima"}};var W=Ml,ar=5,Dm=6;function Sl(r){let{reference_kw:t,vat_rate:e,totals:n,decisive:s}=r,o=r.months.filter(({month:h})=>s.includes(h));if(!o.length)return[];let i=(h,y)=>{let v=o.map(b=>b.classes[h]?.[y]);return v.every(b=>typeof b=="number")?v.reduce((b,k)=>b+k,0):null},a=h=>typeof h=="number"?h*(1+e):null,u=Object.keys(n).filter(h=>Number.isFinite(Number(h))).sort((h,y)=>Number(h)-Number(y)).map(h=>({kw:Number(h),fixed:a(i(h,"fixed")),surcharge:a(i(h,"surcharge")),total:Am(a(n[h])),aboveKWh:i(h,"excess_kwh"),isOwn:Number(h)===t})),l=u.findIndex(({aboveKWh:h})=>h!==null&&E(h,3)===0),d=l<0?u.length-1:Math.max(1,l),c=u.filter(({isOwn:h},y)=>y<=d||h);t!==null&&!c.some(({isOwn:h})=>h)&&(c.push({kw:t,fixed:null,surcharge:null,total:null,aboveKWh:null,isOwn:!0}),c.sort((h,y)=>h.kw-y.kw));let p=ps(c);for(;c.length>Dm;){let y=c.filter(v=>!v.isOwn&&v!==p).reduce((v,b)=>(b.total??Number.POSITIVE_INFINITY)>=(v.total??Number.POSITIVE_INFINITY)?b:v);c.splice(c.indexOf(y),1)}let m=c.find(({isOwn:h,total:y})=>h&&y!==null)??p;return c.map(h=>({...h,difference:h===m||h.total===null?null:h.total-m.total}))}var Am=r=>r===null?null:E(r);function ps(r){return r.filter(({total:t})=>t!==null).reduce((t,e)=>t&&t.total<=e.total?t:e,void 0)}var Tl=(r,t)=>t.count(W,"months",r);function Rl(r,t,e,n){let s=(h,y={})=>n.text(W,h,{months:i,...y}),o=h=>n.referenceKW(h.kw),i=Tl(e,n),a=ps(r);if(!a)return s("unpriced");let u=r.find(({isOwn:h,total:y})=>h&&y!==null),l=u??a,d=r.find(h=>h.kw===t&&h!==l&&h.total!==null),c=u?s("your",{kw:o(u)}):o(a);if(d){let h=d.total-l.total;return Math.abs(h)<ar?s("other_same",{other:o(d),reference:c}):h>0?s("other_more",{other:o(d),more:n.euros(h),reference:c}):s("other_less",{other:o(d),less:n.euros(-h)})}if(u&&u.total-a.total>=ar)return s("other_less",{other:o(a),less:n.euros(u.total-a.total)});let p=u?s("right",{own:o(u)}):s("cheapest",{best:o(a),cost:n.euros(a.total)}),m=u?Em(r,u,n,i):"";return m?`${p} ${m}`:p}function Em(r,t,e,n){let s=(h,y)=>e.text(W,h,{months:n,...y}),o=r.indexOf(t),i=[r[o+1],r[o-1]].filter(h=>h!==void 0&&h.total!==null),a=i.filter(h=>h.total-t.total>=ar),u=i.filter(h=>!a.includes(h)),l=h=>e.referenceKW(h.kw),d=h=>e.euros(h.total-t.total),[c,p]=[...a,...u];if(!c)return"";let m={one:l(c),more:a.length?d(c):"",...p&&{two:l(p),two_more:d(p)}};return a.length===2?s("more_more",m):a.length===1?s(u.length?"more_same":"more",m):s(u.length===2?"same_same":"same",m)}function Dl(r,t,e,n){let s=e===void 0?n.text(W,"so_far"):n.text(W,"in",{months:Tl(e,n)}),o={R:n.referenceKW(r),period:s,share:n.percent(t.share,1),kWh:n.kWh(t.kWh,E(t.kWh)<10?1:0)};return!t.count&&E(t.kWh,1)===0?n.text(W,"above_none",o):t.count?n.count(W,E(t.share,3)===0?"above_rare":"above",t.count,o):n.text(W,"above_energy",o)}function Al(r,t){let e=D(t),s=(r===null||Number.isNaN(Date.parse(r))?e:D(new Date(r)))<=`${e.slice(0,7)}-01`;return`${U(e.slice(0,7),s?1:2)}-01`}function El(r,t){let e=o=>t.monthYear(z(`${o}-15`)),[n,s]=[r[0],r.at(-1)];return!n||!s?"":n===s?e(n):`${e(n)} – ${e(s)}`}var Cl=O`
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
`;function Ll(r,t,e,n){let s=Math.max(1,...r.map(({fixed:u,surcharge:l})=>(u??0)+Math.max(0,l??0))),o=r.findIndex(({kw:u})=>u===t),i=u=>{let l={ArrowDown:1,ArrowRight:1,ArrowUp:-1,ArrowLeft:-1}[u.key];if(!l)return;u.preventDefault();let d=(Math.max(0,o)+l+r.length)%r.length;n(r[d].kw),u.currentTarget.querySelectorAll("button")[d]?.focus()},a=(u,l)=>u!==null&&u>0?f`<i style="width:${100*u/s}%;background:var(${l})"></i>`:x;return f`<div class="classes" role="radiogroup" aria-label=${e.text(W,"classes")} @keydown=${i}>
    ${r.map((u,l)=>f`<button
        role="radio"
        aria-checked=${l===o}
        tabindex=${l===Math.max(0,o)?0:-1}
        @click=${()=>n(u.kw)}
      >
        <span class="radio"></span>
        <span>${e.referenceKW(u.kw)}</span>
        <span class="cost" aria-hidden="true">${a(u.fixed,"--drawn")}${a(u.surcharge,"--excess")}</span>
        <span class="number">${u.total===null?"–":e.euros(u.total)}</span>
        <small>${Cm(u,e)}</small>
      </button>`)}
  </div>`}function Cm({isOwn:r,difference:t},e){return r?e.text(W,"yours"):t===null?"":Math.abs(t)<ar?e.text(W,"about_the_same"):`${e.signed(t)} €`}var dn,vt,ur,gs=class{constructor(){w(this,dn);w(this,vt);w(this,ur,[])}readColors(t){let e=getComputedStyle(t),n=document.createElement("canvas");n.width=n.height=1;let s=n.getContext("2d",{willReadFrequently:!0});if(!s)return;let o=(a,u)=>{s.clearRect(0,0,1,1),s.fillStyle=u,s.fillStyle=e.getPropertyValue(a).trim(),s.fillRect(0,0,1,1);let[l=0,d=0,c=0]=s.getImageData(0,0,1,1).data;return[l,d,c]},i={drawn:o("--drawn","#488fc2"),fedIn:o("--fed-in","#8353d1"),excess:o("--excess","#db4437")};JSON.stringify(i)!==JSON.stringify(g(this,dn))&&$(this,dn,i)}paint(t,{grid:e,kw:n,width:s,height:o,isTurned:i}){let a=g(this,dn),[u,l]=[s,o].map(b=>Math.round(b*(devicePixelRatio||1)));if(!a||!e.days||u<1||l<1)return;let d=[t,e,a,n,u,l,i];if(d.every((b,k)=>b===g(this,ur)[k]))return;$(this,ur,d),(g(this,vt)?.colors!==a||g(this,vt).kw!==n)&&$(this,vt,{colors:a,kw:n,entries:xl(a,n)});let{width:c,height:p,pixels:m}=kl(e,g(this,vt).entries,i?l:u,i),h=document.createElement("canvas");h.width=c,h.height=p;let y=new ImageData(new Uint8ClampedArray(m.buffer),c,p);h.getContext("2d")?.putImageData(y,0,0),t.width=u,t.height=l;let v=t.getContext("2d");v&&(v.imageSmoothingEnabled=!1,v.drawImage(h,0,0,u,l))}};dn=new WeakMap,vt=new WeakMap,ur=new WeakMap;var xt=864e5,Lm=200,Nm=[168,456],zm=14,Om={day:64,month:36},Wm={day:20,month:18},qm=[.2,1,3,7],zl=O`
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
`;function Ol({days:r},t,e,n){let s=e?50:vo(0,n).length>5?64:44,[o,i]=Nm,a=e?Math.max(o,Math.min(i,r*zm)):Lm;return{isTurned:e,axis:s,height:a,width:Math.max(0,t-s)}}var vo=(r,t)=>t.time(new Date(Date.UTC(2026,0,15,0,r*15)-36e5)),Wl=(r,{firstDay:t})=>new Date((t+Math.floor(r/V))*xt).toISOString().slice(0,10);function xo(r,t,e){let n=new Date(Math.floor(r/xt)*xt+xt/2),s=n.getUTCFullYear()===new Date(t*xt).getUTCFullYear(),o=vo(Math.floor(r%xt/9e5),e);return{day:s?e.shortDay(n):e.date(n),time:o}}function Nl(r,t,e){let n=t.cells[r]??G,s=t.firstDay*xt+r*9e5,o=xo(s,t.firstDay+t.days-1,e);return n===G?e.text(W,"unknown_at",o):e.text(W,n<0?"fed_in_at":"drawn_at",{...o,power:e.kW(Math.abs(n)/Pe)})}function ql(r,{isTurned:t,width:e,height:n,axis:s},o,i,a,u,l){let d=new ln(r,t),{isMonths:c,ticks:p}=$l(r,t?n:e,t?Wm:Om),m=v=>c?l.shortMonth(new Date(v)):l.shortDay(new Date(v)),h=i.index===void 0?void 0:d.cell(i.index),y=v=>{i.index===void 0&&(v.key.startsWith("Arrow")||v.key==="End")||v.key==="End"?(v.preventDefault(),i.choose(d.chosen(r.lastCell))):i.key(v)};return f`<div class="map" style="--axis:${s}px;--height:${n}px">
      <div class="hours" aria-hidden="true">${[0,1,2,3,4].map(v=>Im(v,t,l))}</div>
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
        ${h===void 0?x:Pm(d.middle(i.index),Nl(h,r,l),()=>u(h),l)}
      </div>
      <div class="days" aria-hidden="true">
        ${p.map(({at:v,day:b})=>f`<small style="${t?`top:${100*(1-v)}%`:`left:${100*v}%`}">${m(b)}</small>`)}
      </div>
    </div>
    <span class="hidden" aria-live="polite">${h===void 0?"":Nl(h,r,l)}</span>
    ${Hm(r,o,l)}`}function Im(r,t,e){let n=r/4,s=t?`left:${100*n}%;transform:translateX(-${100*n}%)`:`right:8px;bottom:${100*n}%;transform:translateY(${100*n}%)`;return f`<small style=${s}>${vo(r*24,e)}</small>`}function Pm([r,t],e,n,s){let o=`left:${100*r}%;transform:translateX(-${100*r}%);${t<.5?"bottom":"top"}:4px`;return f`<i class="mark" style="left:${100*r}%;top:${100*t}%"></i>
    <button class="read" style=${o} title=${s.text(W,"open")} @click=${n}>${e} ›</button>`}function Hm({feedsIn:r},t,e){let n=(s,o,i)=>f`<span><i style="background:var(${s});opacity:${o}"></i>${i}</span>`;return f`<small class="legend">
    <span>kW</span>
    ${r?n("--fed-in",vl,e.text(W,"fed_in")):x}
    ${qm.filter(s=>s<=(t??7)).map(s=>n("--drawn",hs(s),e.number(s,s<1?1:0)))}
    ${t===void 0?x:n("--excess",1,e.text(W,"above",{R:e.referenceKW(t)}))}
  </small>`}var Km=420,Vm=32,jm=.99,lr,mn,He,hn,Ke,dr,ye,cr,J,Il,Pl,Hl,Kl,Vl,jl,Bl,cn=class extends P{constructor(){super(...arguments);w(this,J);w(this,lr,new gs);w(this,mn,new Te(this,()=>{let{grid:e,isTurned:n}=g(this,He),s=new ln(e,n);return{count:s.count,column:s.column,at:(o,i)=>s.at(o,i),middle:o=>s.middle(o),open:o=>{var i;return(i=g(this,hn))==null?void 0:i.call(this,s.cell(o))}}}));w(this,He);w(this,hn);w(this,Ke,0);w(this,dr,null);w(this,ye);w(this,cr,new ResizeObserver(([e])=>{!e||e.contentRect.width===g(this,Ke)||($(this,Ke,e.contentRect.width),this.requestUpdate())}))}getGridOptions(){return{columns:"full",min_columns:6,rows:"auto"}}getCardSize(){return 10}connectedCallback(){super.connectedCallback(),g(this,cr).observe(this)}disconnectedCallback(){super.disconnectedCallback(),g(this,cr).disconnect()}content(e,n){let{value:s,error:o}=pl(n,e),i=n.get("smarty_p1/classes",{});g(this,Ke)||$(this,Ke,this.offsetWidth);let a=[s,o,i.value,i.error,e,this.locale,this.chosenKw,g(this,mn).index,g(this,Ke),this.isTableShown];return f`<h2>${this.text(W,"title")}</h2>
      ${yt(a,()=>s?_(this,J,Il).call(this,s,i,e,n):this.waiting(o))}`}updated(){let e=this.renderRoot.querySelector("canvas");if(!e||!g(this,He))return;let n=()=>g(this,He)&&g(this,lr).paint(e,g(this,He));if(this.hass?.themes===g(this,dr))return void n();$(this,dr,this.hass?.themes),requestAnimationFrame(()=>{g(this,lr).readColors(this),n()})}};lr=new WeakMap,mn=new WeakMap,He=new WeakMap,hn=new WeakMap,Ke=new WeakMap,dr=new WeakMap,ye=new WeakMap,cr=new WeakMap,J=new WeakSet,Il=function(e,{value:n,error:s},o,i){g(this,ye)?.series!==e&&$(this,ye,{series:e,grid:_l(e)});let{grid:a}=g(this,ye);if(!a.days)return this.waiting("nothing_counted");let u=n?Sl(n):[],l=(n??o).reference_kw??void 0,d=u.some(b=>b.kw===this.chosenKw)?this.chosenKw:l??ps(u)?.kw;(!g(this,ye).months||g(this,ye).kw!==d)&&Object.assign(g(this,ye),{kw:d,months:yl(e,d)});let c=u.length?n.decisive:void 0,p=_(this,J,Hl).call(this,d,u,c),m=g(this,Ke)<Km,h=Ol(a,g(this,Ke)-Vm,m,this.locale),{grid:y,isTurned:v}=g(this,He)??{};return y&&(y.firstDay!==a.firstDay||y.days!==a.days||v!==m)&&(g(this,mn).index=void 0),$(this,He,{grid:a,kw:d,isTurned:m,width:h.width,height:h.height}),$(this,hn,b=>_(this,J,Bl).call(this,i,Wl(b,a))),f`<div class=${m?"narrow":"wide"}>
      ${_(this,J,Pl).call(this,u,d,c,o,!!n,s)}
      ${p?f`<p class="quiet">${ge(p)}</p>`:x}
      ${ql(a,h,d,g(this,mn),me(`${this.text(W,"map")}. ${p}`),g(this,hn),this.locale)}
      ${u.length?_(this,J,Kl).call(this,u,d,n):x}
      <footer>${l===void 0&&n?_(this,J,Vl).call(this,o):x}${this.tableButton()}</footer>
      ${_(this,J,jl).call(this,d,n)}
    </div>`},Pl=function(e,n,s,o,i,a){if(s)return this.sentence(Rl(e,n,s.length,this.locale));if(!i)return this.waiting(a);let u=this.locale.day(z(Al(o.known_since,new Date)));return this.sentence(this.text(W,"begins",{day:u}))},Hl=function(e,n,s){if(e===void 0)return"";let o=g(this,ye).months.filter(({month:l})=>!s||s.includes(l)),i=l=>o.reduce((d,c)=>d+c[l],0),a=!s||o.length===s.length&&i("known")>=jm*i("of"),u=n.find(l=>l.kw===e)?.aboveKWh??i("aboveWh")/1e3;return Dl(e,{count:a?i("above"):null,share:i("above")/i("known"),kWh:u},s?.length,this.locale)},Kl=function(e,n,{decisive:s}){let o=ne(new Date).year,i=this.locale.count(W,"caption",s.length,{year:o}),a=(u,l)=>f`<span class="key"><i class="dot" style="background:var(${u})"></i>${this.text(W,l)}</span>`;return f`<small class="caption"><span>${i}</span><span>${El(s,this.locale)}</span><span>${a("--drawn","fixed")} ${a("--excess","surcharge")}</span></small>
      ${Ll(e,n,this.locale,u=>this.chosenKw=u)}`},Vl=function(e){if(!this.hass?.user?.is_admin)return x;let n=`/config/integrations/integration/smarty_p1#config_entry=${e.entry_id}`;return this.link(n,this.text(W,"enter_reference"))},jl=function(e,n){let s=d=>this.text(W,d,e===void 0?{}:{R:this.locale.referenceKW(e)}),{grid:o,months:i}=g(this,ye),a=o.firstDay+o.days-1,u=d=>{let c={...xo(d.highestLocal,a,this.locale),power:this.locale.kW(d.highestWh/Pe)},p=n?.months.find(({month:h})=>h===d.month)?.classes[String(e)]?.excess_kwh,m=[this.locale.monthYear(z(`${d.month}-15`)),d.highestWh<0?"–":this.text(W,"drawn_at",c)];return e===void 0?m:[...m,this.locale.number(d.above),this.locale.number(p??d.aboveWh/1e3,1)]},l=[s("month"),s("highest"),...e===void 0?[]:[s("count_above"),s("kwh_above")]];return this.table(this.text(W,"map"),l,()=>i.map(u))},Bl=function(e,n){e.show({day:n}),location.pathname.endsWith("/year")&&Ps(location.pathname.replace(/\/year$/,"/now"))},cn.styles=[F,zl,Cl,O`
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
    `],cn.properties={...P.properties,chosenKw:{state:!0}};var kt={en:{description:"What goes on now, the bill, the year, gas, water, heat and supply quality of your smart meter",now:"Now",bill:"Bill",year:"Year",gas:"Gas",water:"Water",heat:"Heat",boards:"Other meters",quality:"Quality",today:"Today",month:"This month"},de:{description:"Was gerade geschieht, Rechnung, Jahr, Gas, Wasser, Wärme und Spannungsqualität deines Smart Meters",now:"Jetzt",bill:"Rechnung",year:"Jahr",gas:"Gas",water:"Wasser",heat:"Wärme",boards:"Weitere Zähler",quality:"Qualität",today:"Heute",month:"Dieser Monat"},fr:{description:"Ce qui se passe maintenant, la facture, l'année, le gaz, l'eau, la chaleur et la qualité de la tension de votre compteur",now:"Actuel",bill:"Facture",year:"Année",gas:"Gaz",water:"Eau",heat:"Chaleur",boards:"Autres compteurs",quality:"Qualité",today:"Aujourd'hui",month:"Ce mois-ci"},lb:{description:"Wat elo geschitt, d'Rechnung, d'Joer, Gas, Waasser, Wäermt a Spannungsqualitéit vun Ärem Smart Meter",now:"Elo",bill:"Rechnung",year:"Joer",gas:"Gas",water:"Waasser",heat:"Wäermt",boards:"Aner Compteuren",quality:"Qualitéit",today:"Haut",month:"Dëse Mount"},pt:{description:"O que se passa agora, a fatura, o ano, gás, água, calor e qualidade da tensão do seu contador",now:"Agora",bill:"Fatura",year:"Ano",gas:"Gás",water:"Água",heat:"Calor",boards:"Outros contadores",quality:"Qualidade",today:"Hoje",month:"Este mês"}};var Um={columns:12},Ul={pulse_energy:"mdi:led-on",tank_level:"mdi:storage-tank"};function Fl(r){let t=new Map;for(let n of Object.values(r.entities)){let{platform:s,translation_key:o,device_id:i,entity_id:a,hidden:u}=n;s!=="smarty_p1"||!o||!i||u||t.set(i,(t.get(i)??new Map).set(o,a))}let e=n=>r.devices[n]?.name_by_user??r.devices[n]?.name??"";return[...t].filter(([n,s])=>!r.devices[n]?.disabled_by&&Object.keys(Ul).some(o=>s.has(o))).sort(([n],[s])=>e(n).localeCompare(e(s))).map(([n,s])=>Fm(e(n),s,new ze(r.locale,r.language)))}function Fm(r,t,e){let[n,s]=Object.entries(Ul).find(([u])=>t.has(u)),o=[{type:"heading",heading:r,icon:s,heading_style:"title"}],i=(u,l)=>{let d=t.get(u);d&&o.push({grid_options:Um,...l(d)})},a=(u={})=>l=>({type:"tile",entity:l,...u});if(n==="tank_level")return i(n,a({features:[{type:"bar-gauge",min:0,max:100}]})),i("tank_volume",a()),i(n,u=>({type:"history-graph",entities:[u],hours_to_show:168})),{type:"grid",cards:o};i("pulse_power",a({features:[{type:"trend-graph",hours_to_show:1}]})),i(n,a());for(let[u,l]of[["day","today"],["month","month"]]){let d=e.text(kt,l);i(n,c=>({type:"statistic",entity:c,name:d,stat_type:"change",period:{calendar:{period:u}}}))}for(let[u,l]of[["day",14],["month",365]]){let d={type:"statistics-graph",period:u,days_to_show:l,stat_types:["change"],chart_type:"bar",hide_legend:!0};i(n,c=>({...d,entities:[c]}))}return{type:"grid",cards:o}}var ys="smarty-p1",Gm=3e3,fs=["gas","water","heat"],be=(r,t={})=>({type:`custom:smarty-p1-${r}`,...t}),mr=(...r)=>({type:"grid",column_span:2,cards:r}),hr=(r,t,...e)=>({type:"sections",title:r,path:t,max_columns:2,sections:e});function Gl(r){return fs.find(t=>r.includes(t))??(r.startsWith("cooling")?"heat":void 0)}function Zm(r,t,e){let n=t.flatMap(({entry_id:c,media:p})=>p.map(m=>({entry_id:c,...m}))),s=({type:c})=>{let p=Gl(c);return p?fs.indexOf(p):fs.length};n.sort((c,p)=>s(c)-s(p));let o=fs.filter(c=>n.some(({type:p})=>Gl(p)===c)),i=Fl(e);if(!n.length&&!i.length)return[];let u=o.map(c=>r.text(kt,c)).map((c,p)=>p?c.toLocaleLowerCase(r.language):c).join("/"),l=n.map(({entry_id:c,meter:p})=>be("medium",{entry_id:c,meter:p})),d=[...l.length?[mr(...l)]:[],...i];return[hr(u||r.text(kt,"boards"),"others",...d)]}var ko=0,$o,Zl=r=>JSON.stringify(r?.map(({entry_id:t,media:e})=>[t,e.map(({meter:n})=>n)])??null),_s=class extends HTMLElement{static getCreateSuggestions(){return{title:"Smarty",icon:"mdi:meter-electric"}}static shouldRegenerate(t,e,n){if($o===void 0||["entities","devices","language"].some(o=>e[o]!==n[o]))return!0;let{list:s}=Rn(n.connection);return s!==void 0&&Zl(s)!==$o}static async generate(t,e){let n=new ze(e.locale,e.language),s=await Rn(e.connection).known(Gm);$o=Zl(s);let o=Zm(n,s??[],e),i=!s||s.length>0||!o.length,a=c=>n.text(kt,c),u={chooser:!0},l=(s?.length??1)>0,d=[...i?[hr(a("now"),"now",mr(...l?[be("now"),be("so-far"),be("today")]:[be("now")]))]:[],...l?[hr(a("bill"),"bill",mr(be("bill",u),be("months"))),hr(a("year"),"year",mr(be("year",u)))]:[],...o,...l?[hr(a("quality"),"quality",mr(be("quality",{part:"voltage",...u}),be("quality",{part:"supply"}),be("quality",{part:"interruptions"})))]:[]];for(ko=Math.max(ko,d.length);d.length<ko;){let{path:c,...p}=d[0];d.push({...p,visible:!1})}return{title:"Smarty",views:d}}},Ql={type:ys,strategyType:"dashboard",name:"Smarty",get description(){return fe().text(kt,"description")}};var Qm={"smarty-p1-now":{card:jn,texts:Oe},"smarty-p1-so-far":{card:sr,texts:nn},"smarty-p1-today":{card:sn,texts:De},"smarty-p1-bill":{card:qn,texts:re},"smarty-p1-months":{card:Bt,texts:Z},"smarty-p1-year":{card:cn,texts:W},"smarty-p1-quality":{card:tr,texts:We},"smarty-p1-medium":{card:Hn,texts:te}};customElements.whenDefined("home-assistant").then(()=>{for(let[r,{card:t,texts:e}]of Object.entries(Qm))customElements.get(r)||(customElements.define(r,t),(window.customCards??=[]).push({type:r,preview:!0,documentationURL:"https://github.com/smarty-p1/smarty_p1",get name(){return fe().text(e,"name")},get description(){return fe().text(e,"description")}}));customElements.get(`ll-strategy-dashboard-${ys}`)||(customElements.define(`ll-strategy-dashboard-${ys}`,_s),(window.customStrategies??=[]).push(Ql))});
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
